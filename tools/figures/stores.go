package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/outbox"
	"rtcbench/internal/result"
	"rtcbench/internal/stats"
	"rtcbench/internal/store/sqlite"
)

// stores measures how quick runs are kept, and summed up again.
func stores(ctx context.Context, row func(string, string, string)) error {
	dir, err := os.MkdirTemp("", "rtcbench-figures-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	synced, err := syncTime(dir)
	if err != nil {
		return err
	}
	row("one write of 4 KB until it is on this disk, P50", fmt.Sprintf("%.0f µs", float64(synced.Nanoseconds())/1e3),
		"")
	if err := savedRuns(ctx, filepath.Join(dir, "save.db"), row); err != nil {
		return err
	}
	if err := delivered(ctx, dir, row); err != nil {
		return err
	}
	if err := keptOnTheWholeWay(ctx, dir, row); err != nil {
		return err
	}
	return summedUp(ctx, filepath.Join(dir, "month.db"), row)
}

func savedRuns(ctx context.Context, path string, row func(string, string, string)) error {
	s, err := sqlite.Open(ctx, path)
	if err != nil {
		return err
	}
	defer s.Close()
	runs := make([]bench.Run, 3000)
	for i := range runs {
		runs[i] = benchtest.StoredRun(100, time.Now().Add(time.Duration(i)*time.Second))
	}
	begin, before := time.Now(), cpuTime()
	for _, r := range runs {
		if err := s.Save(ctx, bench.NewRecord(r)); err != nil {
			return err
		}
	}
	row("SQLite: summed up and saved in runs of 100, each read back and synced to disk",
		perSecond(len(runs), begin), "≥ 200000")
	row("  CPU time of one of them", perRun(len(runs), cpuTime()-before), "")
	before = cpuTime()
	for _, r := range runs {
		bench.NewRecord(r)
	}
	row("  of that, to sum it up", perRun(len(runs), cpuTime()-before), "")
	begin = time.Now()
	for i := range runs {
		runs[i] = benchtest.StoredRun(100, runs[i].End)
	}
	made := time.Since(begin)
	begin, before = time.Now(), cpuTime()
	for i := 0; i < len(runs); i += 100 {
		if _, err := s.SaveAll(ctx, benchtest.Records(runs[i:i+100]...)); err != nil {
			return err
		}
	}
	row("SQLite: the same, 100 runs a transaction (import)", perSecond(len(runs), begin),
		fmt.Sprintf("(making them took %v)", made.Round(time.Millisecond)))
	row("  CPU time of one of them", perRun(len(runs), cpuTime()-before), "")
	return nil
}

// perSecond is how many samples of so many runs of 100 went through in a second.
func perSecond(runs int, begin time.Time) string {
	return fmt.Sprintf("%.0f samples/s", 100*float64(runs)/time.Since(begin).Seconds())
}

func perRun(runs int, took time.Duration) string {
	return fmt.Sprintf("%.0f µs", float64(took.Nanoseconds())/1e3/float64(runs))
}

// delivered measures what the outbox adds to a run on a local disk.
func delivered(ctx context.Context, dir string, row func(string, string, string)) error {
	direct, err := sqlite.Open(ctx, filepath.Join(dir, "direct.db"))
	if err != nil {
		return err
	}
	defer direct.Close()
	name := "sqlite:outbox"
	box := outbox.Open(filepath.Join(dir, "outbox"), 1<<30)
	courier := box.To([]outbox.Target{{Name: name, Open: func(ctx context.Context) (bench.Store, error) {
		return sqlite.Open(ctx, filepath.Join(dir, "delivered.db"))
	}}}, time.Minute)
	defer courier.Close()
	var with, without []time.Duration
	for range 300 {
		a, b := benchtest.StoredRun(100, time.Now()), benchtest.StoredRun(100, time.Now())
		begin := time.Now()
		if err := direct.Save(ctx, bench.NewRecord(a)); err != nil {
			return err
		}
		without = append(without, time.Since(begin))
		begin = time.Now()
		if err := box.Put(result.NewDocument(bench.NewRecord(b)), []string{name}); err != nil {
			return err
		}
		if _, err := courier.Deliver(ctx, b.ID); err != nil {
			return err
		}
		with = append(with, time.Since(begin))
	}
	row("outbox: what it adds to a run of 100 pings, P50",
		fmt.Sprintf("%.2f ms", quantile(with, 0.5)-quantile(without, 0.5)), "≤ 5 ms")
	return nil
}

// summedUp makes a month of 50 locations and two platforms, a run every five minutes, and sums it up.
func summedUp(ctx context.Context, path string, row func(string, string, string)) error {
	s, err := sqlite.Open(ctx, path)
	if err != nil {
		return err
	}
	defer s.Close()
	const locations, days, every = 50, 30, 5 * time.Minute
	end := time.Now().Truncate(time.Second)
	begin := time.Now()
	n := 0
	batch := make([]bench.Run, 0, 2*locations*24)
	for at := end.Add(-days * 24 * time.Hour); at.Before(end); at = at.Add(every) {
		for location := range locations {
			for i, platform := range []string{"daily", "livekit"} {
				r := leanRun(n, at.Add(time.Duration(location)*time.Second))
				r.Platform, r.Location = platform, fmt.Sprintf("location-%02d", location)
				r.Facts.Transport = []bench.TransportClass{bench.SignallingWebSocket, bench.DataChannelReliable}[i]
				batch = append(batch, r)
				n++
			}
		}
		if len(batch) == cap(batch) {
			if _, err := s.SaveAll(ctx, benchtest.Records(batch...)); err != nil {
				return err
			}
			batch = batch[:0]
		}
	}
	if _, err := s.SaveAll(ctx, benchtest.Records(batch...)); err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	row(fmt.Sprintf("  a month: %d runs", n), fmt.Sprintf("made in %.0f s", time.Since(begin).Seconds()),
		fmt.Sprintf("%d MB", info.Size()>>20))
	for _, span := range []struct {
		name   string
		length time.Duration
		wanted string
	}{{"24 h", 24 * time.Hour, "≤ 50 ms"}, {"30 days", days * 24 * time.Hour, "≤ 500 ms"}} {
		var took []time.Duration
		for range 9 {
			begin := time.Now()
			sums, err := s.Aggregate(ctx, bench.Query{Since: end.Add(-span.length).Add(7 * time.Minute)})
			if err != nil || len(sums) != 2*locations {
				return fmt.Errorf("%d series: %w", len(sums), err)
			}
			took = append(took, time.Since(begin))
		}
		row("SQLite: sums of the last "+span.name+", median of 9", fmt.Sprintf("%.1f ms", quantile(took, 0.5)),
			span.wanted)
	}
	return nil
}

// leanRun is a run of 100 pings of which only the distribution is kept.
func leanRun(i int, end time.Time) bench.Run {
	r := benchtest.StoredRun(1, end)
	rtts := make([]time.Duration, 100)
	for j := range rtts {
		rtts[j] = 40*time.Millisecond + time.Duration((i*7919+j*j*104729)%9000)*time.Microsecond
	}
	r.Plan.Count, r.Counts = 100, bench.Counts{Sent: 100, Answered: 100}
	r.Samples, r.Kept = nil, &bench.Kept{Histogram: stats.HistogramOf(rtts)}
	return r
}
