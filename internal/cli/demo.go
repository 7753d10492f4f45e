package cli

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/fleet"
	"rtcbench/internal/fleet/call"
	"rtcbench/internal/fleet/hub"
	"rtcbench/internal/fleet/runner"
	"rtcbench/internal/measure"
	"rtcbench/internal/outbox"
	"rtcbench/internal/platform/livekit"
	"rtcbench/internal/sandbox"
)

// demoPlaces are the runners of a demo, all of them on this machine.
var demoPlaces = []fleet.Place{
	{Name: "fra-1", Location: "demo-fra", Labels: map[string]string{"region": "eu"}},
	{Name: "iad-1", Location: "demo-iad", Labels: map[string]string{"region": "us"}},
	{Name: "sin-1", Location: "demo-sin", Labels: map[string]string{"region": "ap"}},
}

// demoEvery is how often they measure.
const demoEvery = 15 * time.Second

// demoOrders are one job for all places, on the server inside this process.
func demoOrders() (o hub.Orders, err error) {
	server, err := sandbox.Shared()
	if err != nil {
		return o, err
	}
	here := bench.Place{URL: server.URL, Key: server.Key, Secret: server.Secret}
	job := fleet.Job{Name: "sandbox", Platform: livekit.Platform.Name, Aligned: true,
		Settings: map[string][]string{"server-url": {here.URL}, "iterations": {"50"}, "cooldown": {"50"}}}
	m, err := prepare(job)
	job.Longest = m.Within
	return hub.Orders{Every: demoEvery, Jobs: []hub.Order{{Job: job, Place: here, Lease: livekit.Platform.Lease,
		Class: m.Plan.Class}}}, err
}

// demoJob is a job on the server inside this process, as its runs say.
func demoJob(j fleet.Job) (m measure.Job, err error) {
	m, err = prepare(j)
	m.Here = true
	return m, err
}

// demo lets three runners join the hub and work, until ctx ends. Each has a folder in dir.
func (a *app) demo(ctx context.Context, at call.Hub, dir string) (wait func(), err error) {
	var all sync.WaitGroup
	for _, place := range demoPlaces {
		r, err := a.demoRunner(ctx, at, filepath.Join(dir, place.Name), place)
		if err != nil {
			return all.Wait, fmt.Errorf("%s: %w", place.Name, err)
		}
		all.Go(func() { r.Run(ctx) })
	}
	fmt.Fprintf(a.stderr, "%d runners on this machine measure the sandbox in this process every %v: this machine, "+
		"and no network. In another terminal: rtcbench fleet ls, rtcbench history\n", len(demoPlaces), demoEvery)
	return all.Wait, nil
}

func (a *app) demoRunner(ctx context.Context, at call.Hub, dir string, place fleet.Place) (*runner.Runner, error) {
	path := filepath.Join(dir, "fleet.json")
	f, err := runner.Load(path)
	if err != nil || !f.Joined() || f.Hub != at.Address.String() {
		var made hub.TokenMade
		order := hub.TokenOrder{Uses: 1, Life: time.Minute, Replace: true}
		if err := at.Do(ctx, http.MethodPost, "/admin/tokens", order, &made); err != nil {
			return nil, err
		}
		if f, err = runner.Join(ctx, path, at.Address.String(), made.Token, version().Version, place, nil); err != nil {
			return nil, err
		}
	}
	return runner.New(f, runner.Options{
		Version: version().Version, Log: slog.New(slog.NewTextHandler(a.stderr, nil)).With("place", place.Name),
		Box: outbox.Open(filepath.Join(dir, "outbox"), 64<<20), Prepare: demoJob,
		Measure: runner.Measuring(a.env(chromeFlags{})),
	})
}
