package cli_test

import (
	"context"
	"os/exec"
	"path/filepath"
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

// BenchmarkWatched is whether somebody who watches a run changes its median: runs in turn, every other one watched, and
// what rtcbench compare says of them. It prints the verdict.
func BenchmarkWatched(b *testing.B) {
	store := "sqlite:" + filepath.Join(b.TempDir(), "runs.db")
	run := func(args ...string) string {
		out, err := exec.Command("rtcbench", append(args, "--store", store)...).CombinedOutput()
		if err != nil {
			b.Fatalf("%v: %s", err, out)
		}
		return string(out)
	}
	pairs := 0
	for b.Loop() {
		for i := range 20 { // not watched, watched, watched, not watched, and again
			dir, location := b.TempDir(), "alone"
			ctx, cancel := context.WithCancel(b.Context())
			done, heard := make(chan error, 1), 0
			if i%4 == 1 || i%4 == 2 {
				location = "watched"
				go func() { done <- live.Listen(ctx, dir, func(p live.Pings) { heard += len(p.List) }) }()
			} else {
				done <- nil
			}
			run("livekit", "-n", "400", "-c", "5", "--data-dir", dir, "-q", "--location", location)
			cancel()
			if err := <-done; err != nil || location == "watched" && heard < 200 {
				b.Fatal(heard, " pings were heard: ", err)
			}
		}
		pairs += 10
	}
	b.Logf("%d runs each way:\n%s", pairs, run("compare", "location=alone", "location=watched", "--include-invalid"))
}
