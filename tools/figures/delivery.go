package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/fleet/hub"
	"rtcbench/internal/fleet/runner"
	"rtcbench/internal/outbox"
	"rtcbench/internal/result"
	"rtcbench/internal/stats"
	"rtcbench/internal/store/sqlite"
)

// waitingRuns is how many runs wait at the place for a turn: it delivers them in two slots or three.
const waitingRuns = 150

// besideDelivery holds the P50 of a place with runs to deliver against that of the same place without, by turns: hub,
// runner and server are processes of their own, as they would be.
func besideDelivery(ctx context.Context, binary string, turns int) error {
	dir, err := os.MkdirTemp("", "rtcbench-figures-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	server, err := startServer(ctx)
	if err != nil {
		return err
	}
	h, err := startHub(ctx, binary, dir, "sqlite:"+filepath.Join(dir, "runs.db"))
	if err != nil {
		return err
	}
	defer h.stop()
	source := hub.Source{Name: "fleet.yaml", Text: fmt.Sprintf(`{every: 3s, jobs: [{name: all, platform: livekit,
		server-url: %q, api-key: %s, api-secret: %s, iterations: 60, cooldown: 15ms, aligned: true}]}`, server.url,
		server.key.Key, server.key.Secret)}
	var made hub.TokenMade
	err = h.at.Do(ctx, http.MethodPost, "/admin/plan/apply", source, new(hub.Applied))
	if err == nil {
		err = h.at.Do(ctx, http.MethodPost, "/admin/tokens", hub.TokenOrder{Uses: 1, Life: time.Hour}, &made)
	}
	if err != nil {
		return err
	}
	home := filepath.Join(dir, "place")
	place := exec.CommandContext(ctx, binary, "runner", "--hub", h.at.Address.String(), "--join", made.Token,
		"--location", "here", "--data-dir", home)
	place.Cancel = func() error { return place.Process.Signal(os.Interrupt) }
	if err := place.Start(); err != nil {
		return err
	}
	fillers, spans, err := byTurns(ctx, outbox.Open(filepath.Join(home, "outbox"), 256<<20), turns)
	place.Process.Signal(os.Interrupt)
	place.Wait()
	if err != nil {
		return err
	}
	return tellDelivery(ctx, filepath.Join(dir, "runs.db"), fillers, spans)
}

// span is a time in which a place had runs to deliver, and then one in which it had none.
type span struct{ filled, empty, end time.Time }

// byTurns fills an outbox, waits until all is delivered, and lets two slots pass without anything.
func byTurns(ctx context.Context, box *outbox.Outbox, turns int) (fillers map[string]bool, spans []span, err error) {
	fillers = map[string]bool{}
	until := func(so func(n int) bool) error {
		for {
			n, err := box.Count()
			if err != nil || ctx.Err() != nil {
				return fmt.Errorf("wait for deliveries: %w", context.Cause(ctx))
			}
			if so(n) {
				return nil
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
	for range turns {
		if err := until(func(n int) bool { return n == 1 }); err != nil { // a run of the place itself has ended
			return nil, nil, err
		}
		var s span
		s.filled = time.Now()
		for range waitingRuns {
			r := benchtest.StoredRun(600, time.Now())
			r.Location = "here"
			if err := box.Put(result.NewDocument(bench.NewRecord(r)), []string{runner.HubStore}); err != nil {
				return nil, nil, err
			}
			fillers[r.ID] = true
		}
		if err := until(func(n int) bool { return n == 0 }); err != nil {
			return nil, nil, err
		}
		s.empty = time.Now()
		time.Sleep(7 * time.Second)
		s.end = time.Now()
		spans = append(spans, s)
	}
	return fillers, spans, nil
}

// tellDelivery compares, turn by turn, the runs that a place made with others waiting and without.
func tellDelivery(ctx context.Context, path string, fillers map[string]bool, spans []span) error {
	s, err := sqlite.OpenToRead(ctx, path)
	if err != nil {
		return err
	}
	defer s.Close()
	with, without := make([][]time.Duration, len(spans)), make([][]time.Duration, len(spans))
	kept := 0
	for r, err := range s.Runs(ctx, bench.Query{Samples: true}) {
		if err != nil {
			return err
		}
		if fillers[r.ID] {
			kept++
			continue
		}
		rtts := bench.Summarise(r).RTTs
		for i, at := range spans {
			switch {
			case r.Start.After(at.filled) && r.End.Before(at.empty):
				with[i] = append(with[i], rtts...)
			case r.Start.After(at.empty) && r.End.Before(at.end):
				without[i] = append(without[i], rtts...)
			}
		}
	}
	var a, b, differences []time.Duration
	for i := range spans {
		if len(with[i]) == 0 || len(without[i]) == 0 {
			continue
		}
		p, q := quantile(with[i], 0.5), quantile(without[i], 0.5)
		differences = append(differences, time.Duration((p-q)*1e6))
		a, b = append(a, with[i]...), append(b, without[i]...)
	}
	slices.Sort(differences)
	row(fmt.Sprintf("  P50 of a place that delivers, %d pings", len(a)), fmt.Sprintf("%.3f ms", quantile(a, 0.5)), "")
	row(fmt.Sprintf("  … and that does not, %d pings", len(b)), fmt.Sprintf("%.3f ms", quantile(b, 0.5)), "")
	lo, hi, ok := stats.QuantileRanks(len(differences), 0.5)
	if !ok {
		return fmt.Errorf("%d turns are too few for an interval", len(differences))
	}
	from, to := differences[lo-1], differences[hi-1]
	verdict := "no difference shown"
	if from > 0 || to < 0 {
		verdict = "they differ"
	}
	row(fmt.Sprintf("  … difference of a turn's P50s, median of %d, 95 %%", len(differences)),
		fmt.Sprintf("%+.3f ms (%+.3f … %+.3f): %s", quantile(differences, 0.5), float64(from)/1e6, float64(to)/1e6,
			verdict), "none shown")
	row("  … runs that waited, and are in the store", fmt.Sprintf("%d of %d", kept, len(fillers)), "all")
	return nil
}
