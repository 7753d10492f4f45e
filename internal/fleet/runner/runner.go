// Package runner is a place of a fleet: it joins a hub once, measures what the plan says, and hands its runs to the hub
// when nothing is being measured. While the hub is away it goes on.
package runner

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"rtcbench/internal/fleet"
)

// Options say how a runner works.
type Options struct {
	Version string
	Log     *slog.Logger
	Proxy   Proxy
}

// Runner is a place that has joined.
type Runner struct {
	options Options
	file    *File
	nc      *nats.Conn
	wake    chan struct{} // the hub was reached

	mu    sync.Mutex
	clock fleet.Clock
	away  string // why the hub is not reached, as it was last told
}

// New makes the runner that f remembers.
func New(f *File, o Options) (*Runner, error) {
	if !f.Joined() {
		return nil, ErrNoFile
	}
	return &Runner{options: o, file: f, wake: make(chan struct{}, 1)}, nil
}

// Run works until ctx ends.
func (r *Runner) Run(ctx context.Context) error {
	nc, err := r.connect()
	if err != nil {
		return err
	}
	r.nc = nc
	closed := make(chan struct{})
	nc.SetClosedHandler(func(*nats.Conn) { close(closed) })
	defer func() { nc.Close(); <-closed }()
	r.greet(ctx)
	return nil
}

// reached is called when the hub is there, again or for the first time.
func (r *Runner) reached() {
	r.mu.Lock()
	r.away = ""
	r.mu.Unlock()
	r.options.Log.Info("the hub is reached", "hub", r.file.Hub)
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// unreached says why the hub is not there, once for each reason.
func (r *Runner) unreached(err error) {
	r.mu.Lock()
	again := r.away == err.Error()
	r.away = err.Error()
	r.mu.Unlock()
	if !again {
		r.options.Log.Warn("the hub is not reached; this runner goes on and tries again", "error", err)
	}
}

// greet says hello again and again until ctx ends.
func (r *Runner) greet(ctx context.Context) {
	tick := time.NewTicker(fleet.HelloEvery)
	defer tick.Stop()
	for {
		if err := r.hello(ctx); err != nil && ctx.Err() == nil && r.nc.IsConnected() {
			r.options.Log.Warn("the hub did not hear", "error", err)
		}
		select {
		case <-tick.C:
		case <-r.wake:
		case <-ctx.Done():
			return
		}
	}
}

const helloTimeout = 10 * time.Second

// hello tells the hub how this runner is, and compares the clocks.
func (r *Runner) hello(ctx context.Context) error {
	if !r.nc.IsConnected() {
		return errors.New("the hub is away")
	}
	ctx, cancel := context.WithTimeout(ctx, helloTimeout)
	defer cancel()
	sent := time.Now()
	r.mu.Lock()
	said := fleet.Hello{Protocol: fleet.Protocol, Version: r.options.Version, Sent: sent, Clock: r.clock}
	r.mu.Unlock()
	data, err := json.Marshal(said)
	if err != nil {
		return err
	}
	m, err := r.nc.RequestWithContext(ctx, fleet.Ask(r.file.Place.Name, fleet.Hellos), data)
	if err != nil {
		return err
	}
	back := time.Now()
	var heard fleet.Heard
	if err := json.Unmarshal(m.Data, &heard); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.clock = fleet.ClockOf(sent, heard.Received, heard.Answered, back)
	return nil
}
