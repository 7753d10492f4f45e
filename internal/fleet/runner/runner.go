// Package runner is the program of a place in a fleet. It joins a hub once, measures what the plan says, and delivers
// its runs to the hub while nothing is being measured. It goes on measuring while the hub is away.
package runner

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
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

// Options configure a runner.
type Options struct {
	Version string
	Log     *slog.Logger
	Proxy   Proxy
	Box     *outbox.Outbox // where runs wait for the hub
	// Prepare turns a job of the plan into a measurement.
	Prepare func(fleet.Job) (measure.Job, error)
	Measure Measure
	Answer  Answer       // answers another place's pings; nil = this runner cannot
	Listen  net.Listener // where Run serves Handler; nil = nowhere
}

// Runner is a place that has joined.
type Runner struct {
	options Options
	me      fleet.Place
	box     *outbox.Outbox
	seats   *seats
	gate    gate
	nc      atomic.Pointer[nats.Conn] // nil before Run or Once connects
	wake    chan struct{}             // wakes greet: a hello is due now
	waits   chan struct{}             // wakes deliver: a run waits
	changed chan struct{}             // wakes work: there is another plan
	turned  chan struct{}             // wakes answerAll: there is another plan
	answers sync.WaitGroup
	demands chan fleet.RunNow // orders for this moment
	alone   sync.Mutex        // held by the measurement under way
	clockOf func() time.Time  // this machine's clock
	watched atomic.Int64      // end of the time in which somebody watches, Unix ns
	slots   int               // slots for which seats are leased; 0 = those of a day

	// request sends a request to the hub. A test replaces it.
	request func(ctx context.Context, subject string, data []byte) ([]byte, error)

	mu      sync.Mutex
	file    *File
	plan    *fleet.Plan
	paused  bool
	clock   fleet.Clock
	skew    time.Duration // offset of this clock, if it is far from the hub's; 0 = it is not
	skewAt  time.Time     // this clock at the last comparison; zero = none yet
	away    string        // why the hub is not reached, as it was logged last
	failed  string        // the last error; "" = a job has succeeded since
	unlike  string        // why the contracts of hub and runner do not fit; "" = they do
	last    time.Time     // end of the last run
	verdict string        // of that run
	figures map[string]figures
}

// New makes the runner of f. The error is ErrNoFile if f has not joined.
func New(f *File, o Options) (*Runner, error) {
	if !f.Joined() {
		return nil, ErrNoFile
	}
	r := &Runner{options: o, me: f.Place, box: o.Box, file: f, wake: make(chan struct{}, 1),
		waits: make(chan struct{}, 1), changed: make(chan struct{}, 1),
		turned: make(chan struct{}, 1), demands: make(chan fleet.RunNow, 16), clockOf: time.Now,
		figures: map[string]figures{}}
	r.request = r.byNATS
	r.gate.free = func() { poke(r.waits) }
	var err error
	if r.seats, err = loadSeats(filepath.Join(filepath.Dir(f.path), "fleet-seats.json")); err != nil {
		return nil, fmt.Errorf("read the seats that the hub leased: %w", err)
	}
	if f.Signed != nil {
		// One that cannot be read here, or was changed on the disk, is not followed: the hub has another.
		if p, err := f.Signed.Open(f.PlanKey, f.Serial); err != nil {
			r.fault(fmt.Sprintf("the plan in %s is not followed, and the hub is asked for another: %v", f.path, err))
		} else {
			r.plan = &p
		}
	}
	return r, nil
}

// byNATS sends a request over the NATS connection.
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

// Run works until ctx ends, and waits for its goroutines. The runs of measurements under way are kept. It closes
// Listen.
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

// up reports whether the runner is connected to the hub.
func (r *Runner) up() bool {
	nc := r.nc.Load()
	return nc != nil && nc.IsConnected()
}

// poke wakes the goroutine that waits at c.
func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// reached is called after each connect to the hub.
func (r *Runner) reached() {
	r.mu.Lock()
	r.away = ""
	hub := r.file.Hub
	r.mu.Unlock()
	r.options.Log.Info("the hub is reached", "hub", hub)
	poke(r.wake)
	poke(r.waits)
}

// unreached logs why the hub is not reached, once for each reason.
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
		switch err := r.hello(ctx); {
		case err == nil || ctx.Err() != nil:
		case errors.As(err, new(*fs.PathError)): // a disk that is full
			r.fault(err.Error())
		case r.up():
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

// hello reports to the hub, and takes a newer plan and seats.
func (r *Runner) hello(ctx context.Context) error {
	serial, understood, err := r.say(ctx)
	if err == nil && understood {
		err = r.catchUp(ctx, serial)
	}
	r.seats.asked(err)
	return err
}

// say reports to the hub and compares the clocks. It gives the serial of the hub's plan, if the two understand each
// other.
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

// understood notes whether hub and runner understand each other, and logs a change. If they do not, the runner goes on
// with the plan and the seats that it has. Its runs are offered all the same: their format has a version of its own.
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

// wrong is the current error in one line: the last one, or a job of the plan that cannot be done here. The caller holds
// r.mu.
func (r *Runner) wrong() string {
	if r.plan != nil && r.failed+r.unlike == "" {
		if err := r.plan.Without(r.me); err != nil {
			return strings.ReplaceAll(err.Error(), "\n", "; ")
		}
	}
	return cmp.Or(r.unlike, r.failed)
}
