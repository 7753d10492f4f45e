package cli_test

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rtcbench/internal/benchtest"
)

// TestDailyOfAFleet: a plan's job on Daily. The hub has the key and makes the rooms; a runner without it measures in
// them, by daily-js in Chromium, and its runs are in the hub's store. Nothing of the runner has the key, and a runner
// that does not know of the mirror takes no seat there.
func TestDailyOfAFleet(t *testing.T) {
	benchtest.Beside(t, benchtest.WithBrowser)
	s := startStandin(t)
	dir := t.TempDir()
	plan := filepath.Join(dir, "fleet.yaml")
	text := "every: 5s\nplatforms:\n  daily:\n    api-key: ${KEY_OF_DAILY}\n    daily-api-url: " + s.API() +
		"\n    geo: eu-central-1\njobs:\n  - {name: voice, platform: daily, iterations: 5, cooldown: 20}\n"
	if err := os.WriteFile(plan, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	centre, store := filepath.Join(dir, "centre"), "sqlite:"+filepath.Join(dir, "runs.db")
	hub := startIn(t, []string{"KEY_OF_DAILY=" + s.Key}, "hub", "--listen", "127.0.0.1:0", "--data-dir", centre,
		"--config", plan, "--store", store)
	line := hub.waitForLine(t, "hub at ", time.Minute)
	url, _, _ := strings.Cut(strings.TrimPrefix(line[strings.Index(line, "hub at "):], "hub at "), ";")
	token := func() string {
		out, err := exec.Command("rtcbench", "fleet", "token", "--data-dir", centre).Output()
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(out))
	}
	place := filepath.Join(dir, "place")
	join := []string{"runner", "--hub", url, "--join", token(), "--location", "fra", "--data-dir", place}
	without := start(t, join...)
	without.waitForLine(t, "a seat that the hub leased is not taken", 2*time.Minute)
	without.cmd.Process.Signal(os.Interrupt)
	without.exit(t, time.Minute)
	runner := start(t, "runner", "--data-dir", place, "--daily-bundle-url", s.BundleURL(),
		"--chrome-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1")
	runner.waitForLine(t, "the hub has them", 3*time.Minute)
	runner.cmd.Process.Signal(os.Interrupt)
	runner.exit(t, time.Minute)
	out, err := exec.Command("rtcbench", "history", "--store", store, "--format", "json").Output()
	for _, want := range []string{`"fra"`, `"daily"`, `"p50_rtt"`} {
		if err != nil || !strings.Contains(string(out), want) {
			t.Errorf("history has no %s: %v\n%s", want, err, out)
		}
	}
	filepath.WalkDir(place, func(path string, e fs.DirEntry, _ error) error {
		if data, err := os.ReadFile(path); err == nil && bytes.Contains(data, []byte(s.Key)) {
			t.Errorf("the key is in %s", path)
		}
		return nil
	})
	for _, secret := range []string{s.Key, "standin-token"} {
		if text := hub.stderr() + runner.stderr(); strings.Contains(text, secret) {
			t.Errorf("a secret is in a log:\n%s", text)
		}
	}
}
