// Package demo is a fleet on one machine: three runners that join a hub and measure a LiveKit server. If the machine
// can build network namespaces, each runner has a network of its own, at some distance from its server. Otherwise all
// runners are in this process and measure over loopback.
package demo

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/fleet"
	"rtcbench/internal/fleet/call"
	"rtcbench/internal/fleet/hub"
	"rtcbench/internal/fleet/runner"
	"rtcbench/internal/lab"
	"rtcbench/internal/lab/stage"
	"rtcbench/internal/measure"
	"rtcbench/internal/outbox"
	"rtcbench/internal/platform/livekit"
	"rtcbench/internal/sandbox"
)

// Places are the places of a demo.
var Places = []fleet.Place{
	{Name: "fra-1", Location: "demo-fra", Labels: map[string]string{"region": "eu"}},
	{Name: "iad-1", Location: "demo-iad", Labels: map[string]string{"region": "us"}},
	{Name: "sin-1", Location: "demo-sin", Labels: map[string]string{"region": "ap"}},
}

// Every is the time between two slots of the demo's plan.
const Every = 15 * time.Second

// Fleet is the demo. Its user closes it.
type Fleet struct {
	Version string
	Dir     string // has a folder for each runner
	Log     *slog.Logger
	Env     measure.Env
	Prepare func(fleet.Job) (measure.Job, error) // turns a job of the plan into a measurement
	Environ []string                             // environment variables of this process
	Stderr  io.Writer

	networks *networks // nil = why says why there are none
	why      error
	wait     func() // waits for everything that begin started
}

// Open makes the networks. It is no error if this machine cannot have any.
func (f *Fleet) Open(ctx context.Context) error {
	n, err := build(ctx)
	if err == nil {
		f.networks = n
	}
	if f.why = err; errors.Is(err, lab.ErrUnavailable) {
		return nil
	}
	return err
}

// Close ends the runners, and the networks.
func (f *Fleet) Close() {
	switch {
	case f.wait != nil:
		f.wait()
	case f.networks != nil:
		f.networks.close()
	}
}

// String says in one sentence what the demo measures.
func (f *Fleet) String() string {
	if f.networks == nil {
		return fmt.Sprintf("%d runners on loopback measure the sandbox in this process every %v: this machine, and no "+
			"network (%v)", len(Places), Every, f.why)
	}
	var far []string
	for _, p := range Places {
		far = append(far, p.Name+" "+delays[p.Name])
	}
	return fmt.Sprintf("%d runners, each in a network of its own on this machine, measure a server there every %v; "+
		"each way takes: %s", len(Places), Every, strings.Join(far, ", "))
}

// Orders are the demo's orders: one job for all places. Without networks, the job uses the server in this process.
func (f *Fleet) Orders() (o hub.Orders, err error) {
	here := bench.Place{URL: stage.URL(), Key: key, Secret: secret}
	if f.networks == nil {
		server, err := sandbox.Shared()
		if err != nil {
			return o, err
		}
		here = bench.Place{URL: server.URL, Key: server.Key, Secret: server.Secret}
	}
	job := fleet.Job{Name: "sandbox", Platform: livekit.Platform.Name, Aligned: true,
		Settings: map[string][]string{"server-url": {here.URL}, "iterations": {"50"}, "cooldown": {"50"}}}
	m, err := f.Prepare(job)
	job.Longest = m.Within
	return hub.Orders{Every: Every, Jobs: []hub.Order{{Job: job, Place: here, Lease: livekit.Platform.Lease,
		Class: m.Plan.Class}}}, err
}

// here prepares a job and marks it as one against a server on this machine, so that its runs say so.
func (f *Fleet) here(j fleet.Job) (m measure.Job, err error) {
	m, err = f.Prepare(j)
	m.Here = true
	return m, err
}

// Serve serves the hub on l, lets the runners join and work, and returns when ctx ends. It calls begun when the runners
// work. Close waits until the last runner has ended.
func (f *Fleet) Serve(ctx context.Context, h *hub.Hub, l net.Listener, secure *tls.Config, at call.Hub,
	begun func()) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	served := make(chan error, 1)
	go func() { served <- h.Serve(ctx, l, secure) }()
	err := f.begin(ctx, h, at)
	if err != nil {
		stop()
	} else {
		begun()
	}
	return errors.Join(err, <-served)
}

// begin starts the runners.
func (f *Fleet) begin(ctx context.Context, h *hub.Hub, at call.Hub) (err error) {
	if f.networks != nil {
		f.wait, err = f.beginThere(ctx, h, at)
		return err
	}
	var all sync.WaitGroup
	f.wait = all.Wait
	for _, place := range Places {
		r, err := f.runner(ctx, at, place)
		if err != nil {
			return fmt.Errorf("%s: %w", place.Name, err)
		}
		all.Go(func() { r.Run(ctx) })
	}
	return nil
}

// tokenOrder orders the token of one runner. The token may replace the same runner of an earlier demo.
var tokenOrder = hub.TokenOrder{Uses: 1, Life: time.Minute, Replace: true}

// member reports whether the hub still accepts a runner that joined earlier.
func (f *Fleet) member(at call.Hub, known *runner.File) bool {
	var o hub.Overview
	if err := at.Do(context.Background(), http.MethodGet, "/admin/members", nil, &o); err != nil {
		return false
	}
	return slices.ContainsFunc(o.Places, func(s hub.State) bool {
		return s.Name == known.Place.Name && s.Revoked.IsZero()
	})
}

// runner is the runner of a place. It has joined the hub.
func (f *Fleet) runner(ctx context.Context, at call.Hub, place fleet.Place) (*runner.Runner, error) {
	dir := filepath.Join(f.Dir, place.Name)
	path := filepath.Join(dir, "fleet.json")
	known, err := runner.Load(path)
	if err != nil || !known.Joined() || known.Hub != at.Address.String() {
		var made hub.TokenMade
		if err := at.Do(ctx, http.MethodPost, "/admin/tokens", tokenOrder, &made); err != nil {
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
