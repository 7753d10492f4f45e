// Package recorder keeps the record of a run: it makes pings leave on a fixed grid, writes down each ping before it
// leaves, and says what became of it. The package knows no wire: a matcher, such as package ping, sends the pings and
// tells the recorder what it heard.
package recorder

import (
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"rtcbench/bench"
)

const (
	warmupInterval = 50 * time.Millisecond // between pings before the first pong
	settleGrace    = 2 * time.Millisecond  // lets a pong that was stamped in time be read
	retryInterval  = 50 * time.Millisecond // closed loop only: after a send that failed
)

// Wire is what pings travel by.
type Wire interface {
	// Send sends the ping with the number seq; 0 = a ping that is not counted. The ping was written down as sent at the
	// moment at. Send may block; its errors are those of bench.Session.
	Send(ctx context.Context, seq uint32, at time.Time) error
	// Hear tells the recorder what arrives, until ctx ends or nothing can arrive any more. Its error says why it ended.
	Hear(ctx context.Context, r *Recorder) error
	// Facts are what is known of the way by now.
	Facts() bench.Facts
}

// Options say how a recorder works.
type Options struct {
	Plan    bench.Plan
	Clock   bench.Clock        // of the runner: gives the pings their T1
	On      func(bench.Sample) // called with each sample that is settled; nil = nobody listens
	Machine Machine            // what is watched during the run; zero = this machine
}

// Recorder is the state of one run. Four goroutines share it: the pacer, which keeps the grid and does nothing else;
// the sender, in which the wire's send call may block; the listener, which matches pongs; and the goroutine of the
// Teller, in which On may block.
type Recorder struct {
	plan    bench.Plan
	clock   bench.Clock
	machine Machine
	teller  *Teller
	wire    Wire

	jobs chan uint32   // pacer → sender: seq, 0 = warm-up; room for the one job that there can be
	wake chan struct{} // sender, listener → pacer: look again

	mu        sync.Mutex
	samples   []bench.Sample // by seq; appended by the pacer
	strays    int            // pongs that match no ping of ours
	unmatched map[string]int // what may have been a pong of ours, by sender: strays, and what nobody can read
	start     time.Time      // when seq 1 is due
	oldest    int            // samples before it are settled
	sending   bool           // a job is with the sender …
	sendSeq   uint32         // … the number of its ping …
	sendSince time.Time      // … and since when
	sent      int            // counted pings that the wire took
	awaited   bool           // the pacer can do nothing before the sender comes back
	freedAt   time.Time      // when the sender last came back
	failedAt  time.Time      // of the last send that failed
	fatal     error          // the way is gone for good
	counts    bench.Counts
	echo      bench.Echo
	others    map[string]bool
	firstPong time.Time
	lastEvent time.Time // when the last ping was settled
	taken     uint32    // the last counted ping that the sender began to send
	ledger    ledger
	draining  bool          // control pings are being sent …
	controlAt time.Time     // … and the last one was sent then
	slowest   time.Duration // round trip answered in time
	clocks    bench.ClockErrors
	id        string
}

// New makes the record of a run that has not begun.
func New(o Options) *Recorder {
	capacity := Capacity(o.Plan)
	r := &Recorder{
		plan: o.Plan, clock: o.Clock, machine: o.Machine, teller: NewTeller(o.On),
		jobs: make(chan uint32, 1), wake: make(chan struct{}, 1),
		samples: make([]bench.Sample, 0, capacity), others: map[string]bool{}, unmatched: map[string]int{},
		id: uuid.Must(uuid.NewV7()).String(),
	}
	r.ledger.seen, r.ledger.known = make(bitset, 0, capacity/64+2), make(bitset, 0, capacity/64+2)
	return r
}

// Capacity is for how many pings of a plan there is room from the beginning: with that room, no ping costs an
// allocation.
func Capacity(p bench.Plan) int { return min(p.Count, 1<<20) }

// Key names the run on the wire.
func (r *Recorder) Key() string { return r.id[len(r.id)-8:] }

// Number is Key for a wire of numbers.
func (r *Recorder) Number() uint64 {
	id := uuid.MustParse(r.id)
	return binary.BigEndian.Uint64(id[8:])
}

// Run carries out the plan over a wire, and returns what was recorded. With an error it returns what was recorded until
// then.
func (r *Recorder) Run(ctx context.Context, wire Wire) (bench.Run, error) {
	r.wire = wire
	inner, cancel := context.WithCancel(ctx)
	var workers sync.WaitGroup
	workers.Go(func() { r.send(inner) })
	workers.Go(func() { r.hear(inner) })

	r.clocks.Runner = r.clock.Error()
	pauses, watch := MarkPauses(), r.machine.Watch()
	ended, err := bench.LinkLost, r.warmUp(ctx)
	switch {
	case err == nil:
		ended, err = r.keepGrid(ctx)
	case errors.Is(err, bench.ErrNoEcho):
		ended = bench.DeadlinePassed
	}
	if err != nil && ctx.Err() != nil {
		ended, err = EndOf(ctx), context.Cause(ctx)
	}
	cancel()
	workers.Wait()
	r.teller.Close() // what is settled is told, also after ctx's end
	run := r.run(ended, err)
	run.Pauses, run.Machine = pauses.Since(), watch.Machine()
	return run, err
}

// EndOf is how a run ended that ended because its ctx did.
func EndOf(ctx context.Context) bench.Ended {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return bench.DeadlinePassed
	}
	return bench.Interrupted
}

// run makes the Run of what was measured. All other goroutines have ended.
func (r *Recorder) run(ended bench.Ended, err error) bench.Run {
	if n := len(r.samples); n > 0 && uint32(n) > r.taken && r.samples[n-1].Outcome == bench.Unsettled {
		r.samples = r.samples[:n-1] // the run ended before its send call began
	}
	r.clocks.Runner = r.clocks.Runner.Worse(r.clock.Error())
	c := r.counts
	c.Tally(r.samples)
	ways := r.ledger.split(r.samples)
	for id := range r.others {
		r.echo.Others = append(r.echo.Others, id)
	}
	slices.Sort(r.echo.Others)
	if r.echo.Identity != "" {
		r.echo.Unmatched = r.unmatched[r.echo.Identity]
	}
	facts := r.wire.Facts()
	if !r.firstPong.IsZero() {
		r.echo.FirstPong = r.firstPong.Sub(facts.JoinStarted)
	}
	run := bench.Run{
		ID: r.id, Plan: r.plan, Ways: ways, Ended: ended, Err: err,
		Samples: r.samples, Counts: c, Echo: r.echo, Facts: facts, Clocks: bench.UnknownOffsets, ClockErrors: r.clocks,
	}
	if !r.start.IsZero() {
		run.Start, run.End = r.clock.Time(r.start), r.clock.Time(r.lastEvent)
	} else {
		run.Start = r.clock.Time(time.Now())
		run.End = run.Start
	}
	return run
}
