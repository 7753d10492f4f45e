//go:build !windows

package cli_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"rtcbench/internal/benchtest"
)

// A schedule whose jobs name no server runs them all on the one server of its process, by either engine, and does not
// grow: neither in goroutines nor in open files nor in memory.
func TestScheduleSoak(t *testing.T) {
	t.Parallel()
	for engine, runs := range map[string]int{"native": 12, "browser": 3} {
		if os.Getenv("RTCBENCH_LONG") != "" {
			runs = 200
		}
		t.Run(engine, func(t *testing.T) { soakSchedule(t, engine, runs) })
	}
}

func soakSchedule(t *testing.T, engine string, runs int) {
	benchtest.Beside(t, benchtest.WithBrowser)
	dir := t.TempDir()
	writeConfig(t, dir, `
every: 1s
defaults:
  {engine: `+engine+`, iterations: 3, cooldown: 1, warmup: 0, store: none, connect-timeout: 2m,
  chrome-resolver-rules: 'MAP * ~NOTFOUND, EXCLUDE 127.0.0.1'}
jobs:
  - {name: first, platform: livekit}
  - {name: second, platform: livekit}
`)
	p := startIn(t, []string{"RTCBENCH_CONFIG=" + filepath.Join(dir, "rtcbench.yaml")}, "run", "--listen",
		"127.0.0.1:0")
	url := "http://" + regexp.MustCompile(`127\.0\.0\.1:\d+`).FindString(p.waitForLine(t, "msg=listening", time.Minute))
	measured := func(n int) {
		t.Helper()
		for range n {
			p.waitForLine(t, "msg=measured", time.Minute)
		}
	}
	names := map[string]float64{"go_goroutines": 100, "process_open_fds": 30, "go_memstats_heap_alloc_bytes": 60 << 20}
	before := map[string]float64{}
	// What is made once is there after some runs. Rooms that were left live on for two seconds, so the figures go up
	// and down, and the highest of some moments is what later ones are held against.
	measured(1)
	for range 3 {
		measured(1)
		for name := range names {
			before[name] = max(before[name], metric(t, url, name))
		}
	}
	measured(runs)
	for name, more := range names {
		eventually(t, url, name, func(v float64) bool { return v <= before[name]+more })
	}
	if said := p.stderr(); strings.Contains(said, "level=ERROR") || strings.Contains(said, "DATA RACE") {
		t.Errorf("a run failed:\n%s", said)
	}
	stopService(t, p)
}
