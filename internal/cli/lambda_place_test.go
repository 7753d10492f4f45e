package cli_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rtcbench/internal/benchtest"
	"rtcbench/internal/fleet/runner"
	"rtcbench/internal/sandbox/sandboxtest"
)

// TestLambdaIsAPlaceOfAFleet: a function that is given a hub joins it, and each invocation is one slot of the plan, in
// a seat that the hub leases: the function has no key of the platform. Its runs are in the hub's store when it answers.
func TestLambdaIsAPlaceOfAFleet(t *testing.T) {
	benchtest.Beside(t, benchtest.Light)
	server := sandboxtest.Start(t)
	api := newRuntimeAPI(t)
	dir := t.TempDir()
	plan, centre := filepath.Join(dir, "fleet.yaml"), filepath.Join(dir, "centre")
	store := "sqlite:" + filepath.Join(dir, "runs.db")
	text := "every: 1h\nplatforms:\n  livekit:\n    server-url: " + server.URL + "\n    api-key: " + server.Key +
		"\n    api-secret: ${SECRET_OF_LIVEKIT}\njobs:\n  - {name: a, platform: livekit, iterations: 20, " +
		"cooldown: 10, where: {kind: function}}\n"
	if err := os.WriteFile(plan, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	hub := startIn(t, []string{"SECRET_OF_LIVEKIT=" + server.Secret}, "hub", "--listen", "127.0.0.1:0", "--data-dir",
		centre, "--config", plan, "--store", store)
	line := hub.waitForLine(t, "hub at ", time.Minute)
	url, _, _ := strings.Cut(strings.TrimPrefix(line[strings.Index(line, "hub at "):], "hub at "), ";")
	token, err := exec.Command("rtcbench", "fleet", "token", "--replace", "--data-dir", centre).Output()
	if err != nil {
		t.Fatal(err)
	}
	tmp := filepath.Join(dir, "tmp")
	if err := os.Mkdir(tmp, 0o700); err != nil {
		t.Fatal(err)
	}
	function := exec.Command("rtcbench")
	var log strings.Builder
	function.Dir, function.Stderr, function.Stdout = tmp, &log, &log
	function.Env = []string{quickExits, "PATH=" + os.Getenv("PATH"), "AWS_LAMBDA_RUNTIME_API=" +
		strings.TrimPrefix(api.URL, "http://"), "TMPDIR=" + tmp, "RTCBENCH_HUB=" + url,
		"RTCBENCH_JOIN=" + strings.TrimSpace(string(token)), "LOCATION_ID=eu-central-1",
		"RTCBENCH_LABELS=kind=function"}
	if err := function.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { function.Process.Kill(); function.Wait() })
	for n := range 2 {
		body, failed := api.invoke(t, `{}`, 2*patience)
		var shot runner.Shot
		if err := json.Unmarshal(body, &shot); err != nil || failed {
			t.Fatalf("%v: %.500s", err, body)
		}
		if a := shot.Jobs["a"]; shot.Place != "eu-central-1" || a.Answered != 20 || a.Error != "" || shot.Waiting != 0 {
			t.Errorf("%+v", shot)
		}
		out, err := exec.Command("rtcbench", "history", shot.Jobs["a"].Run, "--store", store).CombinedOutput()
		if err != nil {
			t.Errorf("invocation %d: the hub's store has no run %s: %v\n%s", n, shot.Jobs["a"].Run, err, out)
		}
	}
	if body, failed := api.invoke(t, `{"iterations": 5}`, patience); !failed ||
		!strings.Contains(string(body), "the plan of its hub says what is measured") {
		t.Errorf("an event with settings: failed %v, %s", failed, body)
	}
	hub.cmd.Process.Signal(os.Interrupt)
	hub.exit(t, time.Minute)
	if body, failed := api.invoke(t, `{}`, 20*time.Second); !failed ||
		!strings.Contains(string(body), "was not reached, and nothing is measured") {
		t.Errorf("the hub is away: failed %v, %s", failed, body)
	}
}
