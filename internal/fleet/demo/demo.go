// Package demo is a fleet in one process: three runners that join a hub and measure the sandbox.
package demo

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

// Places are the runners of a demo, all of them on this machine.
var Places = []fleet.Place{
	{Name: "fra-1", Location: "demo-fra", Labels: map[string]string{"region": "eu"}},
	{Name: "iad-1", Location: "demo-iad", Labels: map[string]string{"region": "us"}},
	{Name: "sin-1", Location: "demo-sin", Labels: map[string]string{"region": "ap"}},
}

// Every is how often they measure.
const Every = 15 * time.Second

// Fleet is what a demo needs.
type Fleet struct {
	Version string
	Dir     string // each runner has a folder in it
	Log     *slog.Logger
	Env     measure.Env
	Prepare func(fleet.Job) (measure.Job, error) // reads a job of the plan
}

// Orders are one job for all places, on the server inside this process.
func (f Fleet) Orders() (o hub.Orders, err error) {
	server, err := sandbox.Shared()
	if err != nil {
		return o, err
	}
	here := bench.Place{URL: server.URL, Key: server.Key, Secret: server.Secret}
	job := fleet.Job{Name: "sandbox", Platform: livekit.Platform.Name, Aligned: true,
		Settings: map[string][]string{"server-url": {here.URL}, "iterations": {"50"}, "cooldown": {"50"}}}
	m, err := f.Prepare(job)
	job.Longest = m.Within
	return hub.Orders{Every: Every, Jobs: []hub.Order{{Job: job, Place: here, Lease: livekit.Platform.Lease,
		Class: m.Plan.Class}}}, err
}

// here reads a job as one on the server inside this process, so that its runs say so.
func (f Fleet) here(j fleet.Job) (m measure.Job, err error) {
	m, err = f.Prepare(j)
	m.Here = true
	return m, err
}

// Begin lets the runners join the hub and work, until ctx ends. wait returns when the last of them has ended.
func (f Fleet) Begin(ctx context.Context, at call.Hub) (wait func(), err error) {
	var all sync.WaitGroup
	for _, place := range Places {
		r, err := f.runner(ctx, at, place)
		if err != nil {
			return all.Wait, fmt.Errorf("%s: %w", place.Name, err)
		}
		all.Go(func() { r.Run(ctx) })
	}
	return all.Wait, nil
}

// runner is the runner of a place, which has joined.
func (f Fleet) runner(ctx context.Context, at call.Hub, place fleet.Place) (*runner.Runner, error) {
	dir := filepath.Join(f.Dir, place.Name)
	path := filepath.Join(dir, "fleet.json")
	known, err := runner.Load(path)
	if err != nil || !known.Joined() || known.Hub != at.Address.String() {
		var made hub.TokenMade
		order := hub.TokenOrder{Uses: 1, Life: time.Minute, Replace: true}
		if err := at.Do(ctx, http.MethodPost, "/admin/tokens", order, &made); err != nil {
			return nil, err
		}
		known, err = runner.Join(ctx, path, at.Address.String(), made.Token, f.Version, place, nil)
		if err != nil {
			return nil, err
		}
	}
	return runner.New(known, runner.Options{
		Version: f.Version, Log: f.Log.With("place", place.Name),
		Box: outbox.Open(filepath.Join(dir, "outbox"), 64<<20), Prepare: f.here, Measure: runner.Measuring(f.Env),
		Answer: runner.Answering(f.Env),
	})
}
