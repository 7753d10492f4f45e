// Package runner is a place of a fleet: it joins a hub once, measures what the plan says, and hands its runs to the hub
// when nothing is being measured. While the hub is away it goes on.
package runner

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"rtcbench/internal/fleet"
	"rtcbench/internal/measure"
	"rtcbench/internal/outbox"
)

// Options say how a runner works.
type Options struct {
	Version string
	Log     *slog.Logger
	Proxy   Proxy
	Box     *outbox.Outbox // where runs wait for the hub
	// Prepare reads a job of the plan as this program's own job.
	Prepare func(fleet.Job) (measure.Job, error)
	Measure Measure
	Answer  Answer       // another place's pings; nil = this runner cannot
	Listen  net.Listener // where Handler answers while the runner works; nil = nowhere
}

// Runner is a place that has joined.
type Runner struct {
	options Options
	me      fleet.Place
	box     *outbox.Outbox
	seats   *seats
	gate    gate
	nc      atomic.Pointer[nats.Conn] // nil until Run connects
	wake    chan struct{}             // say hello now
	waits   chan struct{}             // a run waits for the hub
	changed chan struct{}             // there is another plan
	turned  chan struct{}             // … for those who answer
	answers sync.WaitGroup
	demands chan fleet.RunNow // what is ordered for this moment
	alone   sync.Mutex        // one thing is measured at a time
	clockOf func() time.Time  // this machine's clock
	watched atomic.Int64      // until when somebody watches, in Unix nanoseconds
	slots   int               // of how many slots seats are leased; 0 = of a day

	// request asks by nc.
	request func(ctx context.Context, subject string, data []byte) ([]byte, error)

	mu      sync.Mutex
	file    *File
	plan    *fleet.Plan
	paused  bool
	clock   fleet.Clock
	skew    time.Duration // of this clock, where the hub's is far from it …
	skewAt  time.Time     // … as it was when it said so; zero = it was never compared
	away    string        // why the hub is not reached, as it was last told
	failed  string        // what went wrong last; "" = it has gone well since
	unlike  string        // why hub and runner do not understand each other; "" = they do
	last    time.Time     // end of the last run
	verdict string        // … and what became of it
	figures map[string]figures
}

// New makes the runner that f remembers.
func New(f *File, o Options) (*Runner, error) {
	if !f.Joined() {
		return nil, ErrNoFile
	}
	r := &Runner{options: o, me: f.Place, box: o.Box, file: f, wake: make(chan struct{}, 1),
		waits: make(chan struct{}, 1), changed: make(chan struct{}, 1),
		turned: make(chan struct{}, 1), demands: make(chan fleet.RunNow, 16), clockOf: time.Now,
		figures: map[string]figures{}}
	r.request = r.byNATS
	var err error
	if r.seats, err = loadSeats(filepath.Join(filepath.Dir(f.path), "fleet-seats.json")); err != nil {
		return nil, fmt.Errorf("read the seats that the hub leased: %w", err)
	}
	if f.Signed != nil {
		p, err := f.Signed.Open(f.PlanKey, f.Serial)
		switch {
		case errors.Is(err, fleet.ErrUnlike): // this program is much newer than the one before: the hub has another
			r.fault(fmt.Sprintf("the plan in %s: %v", f.path, err))
		case err != nil:
			return nil, fmt.Errorf("the plan in %s: %w", f.path, err)
		default:
			r.plan = &p
		}
	}
	return r, nil
}

// byNATS asks over the connection.
func (r *Runner) byNATS(ctx context.Context, subject string, data []byte) ([]byte, error) {
	if !r.up() {
		return nil, errAway
	}
	m, err := r.nc.Load().RequestWithContext(ctx, subject, data)
	if err != nil {
		return nil, err
	}
	return m.Data, nil
}

// Run works until ctx ends. What is under way then is kept.
func (r *Runner) Run(ctx context.Context) error {
	nc, err := r.connect()
	if err != nil {
		return err
	}
	r.nc.Store(nc)
	closed := make(chan struct{})
	nc.SetClosedHandler(func(*nats.Conn) { close(closed) })
	for _, subject := range []string{fleet.TellAll, fleet.TellSubject(r.me.Name)} {
		if _, err := nc.Subscribe(subject, r.told); err != nil {
			nc.Close()
			<-closed
			return err
		}
	}
	var all sync.WaitGroup
	all.Go(func() { r.greet(ctx) })
	all.Go(func() { r.deliver(ctx) })
	all.Go(func() { r.work(ctx) })
	all.Go(func() { r.answerAll(ctx) })
	all.Go(func() { r.onDemand(ctx) })
	if l := r.options.Listen; l != nil {
		server := &http.Server{Handler: r.Handler(), MaxHeaderBytes: 16 << 10, ReadHeaderTimeout: 5 * time.Second,
			WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute,
			ErrorLog: slog.NewLogLogger(r.options.Log.Handler(), slog.LevelDebug)}
		go server.Serve(l)
		defer server.Close()
		r.options.Log.Info("listening", "address", l.Addr().String())
	}
	all.Wait()
	r.answers.Wait()
	nc.Close()
	<-closed
	return nil
}

// up reports whether the hub is reached just now.
func (r *Runner) up() bool {
	nc := r.nc.Load()
	return nc != nil && nc.IsConnected()
}

// poke wakes whoever waits at c.
func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// reached is called when the hub is there, again or for the first time.
func (r *Runner) reached() {
	r.mu.Lock()
	r.away = ""
	hub := r.file.Hub
	r.mu.Unlock()
	r.options.Log.Info("the hub is reached", "hub", hub)
	poke(r.wake)
	poke(r.waits)
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
		if err := r.hello(ctx); err != nil && ctx.Err() == nil && r.up() {
			r.options.Log.Warn("the hub did not hear, or has no answer", "error", err)
		}
		select {
		case <-tick.C:
		case <-r.wake:
		case <-ctx.Done():
			return
		}
	}
}

// hello tells the hub how this runner is, and takes what is new.
func (r *Runner) hello(ctx context.Context) error {
	serial, understood, err := r.say(ctx)
	if err != nil || !understood {
		return err
	}
	return r.catchUp(ctx, serial)
}

// say tells the hub how this runner is, compares the clocks, and gives the serial of the hub's plan, where the two
// understand each other.
func (r *Runner) say(ctx context.Context) (serial uint64, understood bool, err error) {
	waiting, err := r.box.Count()
	if err != nil {
		r.fault("look for what waits: " + err.Error())
	}
	sent := r.clockOf()
	r.mu.Lock()
	said := fleet.Hello{Contract: fleet.Ours, Version: r.options.Version, Sent: sent, Clock: r.clock,
		Measures: r.gate.measures(), Waiting: waiting, Error: r.wrong(), Verdict: r.verdict, LastRun: r.last,
		Serial: r.file.Serial, SeatsTo: r.seats.until(),
		Once: r.slots > 0}
	r.mu.Unlock()
	var heard fleet.Heard
	if err := r.ask(ctx, fleet.Hellos, said, &heard); err != nil {
		return 0, false, err
	}
	r.compare(fleet.ClockOf(sent, heard.Received, heard.Answered, r.clockOf()))
	unlike := heard.Unlike()
	if r.understood(unlike); unlike != nil {
		return 0, false, nil
	}
	r.mu.Lock()
	r.paused = heard.Paused
	r.mu.Unlock()
	return heard.Serial, true, nil
}

// understood notes whether hub and runner speak one contract, and tells it when that changes. If not, the runner goes
// on with the plan and the seats that it has, and its runs are offered all the same: they have a version of their own.
func (r *Runner) understood(unlike error) {
	text := ""
	if unlike != nil {
		text = unlike.Error() + "; this runner goes on with the plan and the seats that it has"
	}
	r.mu.Lock()
	before := r.unlike
	r.unlike = text
	r.mu.Unlock()
	switch {
	case text == before:
	case text == "":
		r.options.Log.Info("the hub and this runner understand each other again")
	default:
		r.options.Log.Error(text)
	}
}

// wrong is what is wrong, in one line: what went wrong last, or what cannot be done as long as nothing changes.
func (r *Runner) wrong() string {
	if r.plan != nil && r.failed+r.unlike == "" {
		if err := r.plan.Without(r.me); err != nil {
			return strings.ReplaceAll(err.Error(), "\n", "; ")
		}
	}
	return cmp.Or(r.unlike, r.failed)
}
