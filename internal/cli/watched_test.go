package cli_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/live"
	"rtcbench/internal/result"
	"rtcbench/internal/stats"
)

// TestARunTellsWhoWatches: each ping of a run is told once to whoever watches with the same folder, and the run's ID
// when it is over.
func TestARunTellsWhoWatches(t *testing.T) {
	benchtest.Beside(t, benchtest.Light)
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
				if one.Outcome != bench.NotSent.String() { // a slot that this machine missed
					told[one.Seq] = true
				}
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

// BenchmarkWatched is whether somebody who watches a run changes its median. One run is watched for two seconds in
// every four, so that nothing else differs: no connection, no path, no drift of the machine. It prints the shift of the
// medians of those stretches, with its interval, and the spread of 5 % that rtcbench compare holds to be no matter.
func BenchmarkWatched(b *testing.B) {
	for b.Loop() {
		dir, file := b.TempDir(), filepath.Join(b.TempDir(), "run.json")
		ctx, cancel := context.WithCancel(b.Context())
		var seen []stretch
		var all sync.WaitGroup
		all.Go(func() { seen = watchesInTurn(ctx, dir) })
		out, err := exec.Command("rtcbench", "livekit", "-n", watchedPings, "-c", "5", "--data-dir", dir,
			"--store", "none", "-q", "-o", file).CombinedOutput()
		cancel()
		all.Wait()
		if err != nil {
			b.Fatalf("%v: %s", err, out)
		}
		alone, watched := medians(samplesOf(b, file), seen)
		d, ok := stats.Shift(watched, alone)
		if !ok {
			b.Fatalf("%d stretches were watched, %d were not", len(watched), len(alone))
		}
		middle, _ := stats.Quantile(stats.Sorted(alone), 0.5)
		b.ReportMetric(float64(len(watched)), "watched")
		b.ReportMetric(float64(len(alone)), "alone")
		b.ReportMetric(1e3*middle.Seconds(), "P50-ms")
		b.ReportMetric(1e3*d.Value.Seconds(), "shift-ms")
		b.ReportMetric(1e3*d.Lo.Seconds(), "shift-from-ms")
		b.ReportMetric(1e3*d.Hi.Seconds(), "shift-to-ms")
		margin := middle / 20
		b.Logf("P50 %v; watched − alone %+v (95 %%: %+v … %+v); 5 %% are %v: no difference that matters is %v", middle,
			d.Value, d.Lo, d.Hi, margin, -margin <= d.Lo && d.Hi <= margin)
	}
}

func samplesOf(b *testing.B, file string) (list []bench.Sample) {
	f, err := os.Open(file)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	for x, err := range result.Decode(f) {
		if err != nil {
			b.Fatal(err)
		}
		list = append(list, x.Run.Samples...)
	}
	return list
}

// watchedPings at 5 ms are 170 s.
const watchedPings = "34000"

// stretch is what was heard while a run was watched, by the numbers of its pings.
type stretch struct{ from, to uint32 }

// watchesInTurn watches for two seconds, and does not for two, until ctx ends.
func watchesInTurn(ctx context.Context, dir string) (seen []stretch) {
	for ctx.Err() == nil {
		short, stop := context.WithTimeout(ctx, 2*time.Second)
		var s stretch
		err := live.Listen(short, dir, func(p live.Pings) {
			if n := len(p.List); n > 0 {
				if s.to = p.List[n-1].Seq; s.from == 0 {
					s.from = s.to // what comes first is of the time before, too
				}
			}
		})
		stop()
		if err == nil && s.from > 0 {
			seen = append(seen, s)
		}
		select {
		case <-time.After(2 * time.Second):
		case <-ctx.Done():
		}
	}
	return seen
}

// medians are those of the stretches that were not watched, and of those that were, half a second apart.
func medians(samples []bench.Sample, seen []stretch) (alone, watched []time.Duration) {
	const edge = 100
	median := func(from, to uint32) (list []time.Duration) {
		for _, s := range samples {
			if s.Seq >= from && s.Seq <= to && s.Outcome == bench.Answered {
				list = append(list, s.RTT)
			}
		}
		if len(list) < edge {
			return nil
		}
		m, _ := stats.Quantile(stats.Sorted(list), 0.5)
		return []time.Duration{m}
	}
	for i, s := range seen {
		watched = append(watched, median(s.from, s.to)...)
		if i > 0 {
			alone = append(alone, median(seen[i-1].to+edge, s.from-edge)...)
		}
	}
	return alone, watched
}
