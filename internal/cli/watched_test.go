package cli_test

import (
	"context"
	"os/exec"
	"testing"
	"time"

	"rtcbench/internal/live"
)

// TestARunTellsWhoWatches: each ping of a run is told once to whoever watches with the same folder, and the run's ID
// when it is over.
func TestARunTellsWhoWatches(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	heard, done := make(chan live.Pings, 1000), make(chan error, 1)
	go func() { done <- live.Listen(ctx, dir, func(p live.Pings) { heard <- p }) }()
	defer func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()
	cmd := exec.Command("rtcbench", "livekit", "-n", "20", "-c", "10", "--data-dir", dir, "--store", "none", "-q",
		"--location", "fra")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for told := map[uint32]bool{}; ; {
		select {
		case p := <-heard:
			for _, one := range p.List {
				told[one.Seq] = true
			}
			if !p.Over {
				continue
			}
			if len(told) != 20 || p.RunID == "" || p.Location != "fra" || p.Count != 20 || p.Every != 10 {
				t.Errorf("%d pings were told, and at the end %+v", len(told), p)
			}
			return
		case <-time.After(patience):
			t.Fatal("the end of the run was not told")
		}
	}
}
