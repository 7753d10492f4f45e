package bench

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
)

const (
	warmupInterval = 50 * time.Millisecond // between pings before the first pong
	settleGrace    = 2 * time.Millisecond  // lets a pong that was stamped in time be read
	retryInterval  = 50 * time.Millisecond // closed loop only: after a send that failed
)

// ErrNoEcho means that nobody answered during the warm-up.
var ErrNoEcho = errors.New("no echo answered")

// NoEcho is ErrNoEcho with how long was waited, and how many pongs came all the same that match no ping of the run.
func NoEcho(waited time.Duration, strays int) error {
	if strays == 0 {
		return fmt.Errorf("%w in %v, waiting for %s", ErrNoEcho, waited, StepPong)
	}
	return fmt.Errorf("%w in %v, waiting for %s, while %d pong(s) came that match no ping of this run: "+
		"they are another runner's, or their echo changes time stamps",
		ErrNoEcho, waited, StepPong, strays)
}

// NewProber makes a Prober of a session. clock gives the pings their T1; an echo in the
// same process must share it. The session stays the caller's to close.
func NewProber(s Session, clock Clock) Prober { return &prober{s, clock, thisMachine} }

type prober struct {
	session Session
	clock   Clock
	machine source
}

// probe is the state of one run. Four goroutines meet in it: the pacer, which keeps the grid
// and nothing else; the sender, in which the SDK's send call may block; the receiver, which
// matches; and the Teller's, in which on may block.
type probe struct {
	prober
	plan   Plan
	teller *Teller

	jobs chan uint32   // pacer → sender: seq, 0 = warm-up; room for the one job that there can be
	wake chan struct{} // sender, receiver → pacer: look again

	mu        sync.Mutex
	samples   []Sample // by seq; appended by the pacer
	stamps    stamps
	strays    map[string]int // pongs that match no ping of ours, by sender
	start     time.Time      // when seq 1 is due
	oldest    int            // samples before it are settled
	sending   bool           // a job is with the sender …
	sendSeq   uint32         // … this one …
	sendSince time.Time      // … since then
	sent      int            // counted pings that the session took
	freedAt   time.Time      // when the sender last came back
	failedAt  time.Time      // of the last send that failed
	fatal     error          // the session is over
	counts    Counts
	echo      Echo
	others    map[string]bool
	firstPong time.Time
	lastEvent time.Time // when the last ping was settled
	taken     uint32    // the last counted ping that the sender began to send
	ledger    ledger
	draining  bool          // control pings are being sent …
	controlAt time.Time     // … the last one then
	slowest   time.Duration // round trip answered in time
	clocks    ClockErrors
	id        string
	key       string // names the run on the wire
}

func (pr *prober) Probe(ctx context.Context, plan Plan, on func(Sample)) (Run, error) {
	capacity := min(plan.Count, 1<<20)
	p := &probe{
		prober: *pr, plan: plan, teller: NewTeller(on),
		jobs: make(chan uint32, 1), wake: make(chan struct{}, 1),
		samples: make([]Sample, 0, capacity),
		stamps:  stamps{make([]int64, 0, capacity+plan.Warmup+256), make([]uint32, 0, capacity+plan.Warmup+256)},
		others:  map[string]bool{}, strays: map[string]int{},
		id: uuid.Must(uuid.NewV7()).String(),
	}
	p.key = p.id[len(p.id)-8:]
	p.ledger.seen, p.ledger.known = make(bitset, 0, capacity/64+2), make(bitset, 0, capacity/64+2)
	inner, cancel := context.WithCancel(ctx)
	var workers sync.WaitGroup
	workers.Go(func() { p.send(inner) })
	workers.Go(func() { p.receive(inner) })

	p.clocks.Runner = p.clock.Error()
	pauses, watch := markPauses(), p.machine.watch()
	ended, err := LinkLost, p.warmUp(ctx)
	switch {
	case err == nil:
		ended, err = p.keepGrid(ctx)
	case errors.Is(err, ErrNoEcho):
		ended = DeadlinePassed
	}
	if err != nil && ctx.Err() != nil {
		ended, err = Interrupted, context.Cause(ctx)
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			ended = DeadlinePassed
		}
	}
	cancel()
	workers.Wait()
	p.teller.Close() // what is settled is told, also after ctx's end
	run := p.run(ended, err)
	run.Pauses, run.Machine = pauses.since(), watch.Machine()
	return run, err
}

// warmUp sends pings that are not counted: until the first pong, then as many as the plan wants.
func (p *probe) warmUp(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	began := time.Now()
	for {
		p.mu.Lock()
		answered, fatal, idle, strays := !p.firstPong.IsZero(), p.fatal, !p.sending, 0
		for _, n := range p.strays {
			strays += n
		}
		p.mu.Unlock()
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case fatal != nil:
			return fatal
		case answered:
			return p.warmUpOnGrid(ctx, timer)
		case time.Since(began) >= p.plan.EchoTimeout:
			return NoEcho(p.plan.EchoTimeout, strays)
		case idle:
			p.handOver(0)
		}
		next := min(warmupInterval, p.plan.EchoTimeout-time.Since(began))
		p.sleepUntilFirstPong(ctx, timer, next)
	}
}

func (p *probe) sleepUntilFirstPong(ctx context.Context, timer *time.Timer, d time.Duration) {
	timer.Reset(d)
	for {
		select {
		case <-timer.C:
			return
		case <-ctx.Done():
			return
		case <-p.wake:
			p.mu.Lock()
			over := !p.firstPong.IsZero() || p.fatal != nil
			p.mu.Unlock()
			if over {
				return
			}
		}
	}
}

func (p *probe) warmUpOnGrid(ctx context.Context, timer *time.Timer) error {
	interval := p.plan.Cooldown
	if p.plan.ClosedLoop() {
		interval = warmupInterval
	}
	begin := time.Now()
	for i := 0; ; i++ {
		due := begin.Add(time.Duration(i) * interval)
		timer.Reset(time.Until(due))
		select {
		case <-timer.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		p.mu.Lock()
		idle, fatal := !p.sending, p.fatal
		if i == p.plan.Warmup {
			unix := time.Duration(p.clock.UnixMilli(due) * float64(time.Millisecond))
			p.start = due.Add(p.plan.Align(unix) - unix)
			p.lastEvent = p.start
		}
		p.mu.Unlock()
		switch {
		case fatal != nil:
			return fatal
		case i == p.plan.Warmup:
			return nil
		case idle:
			p.handOver(0)
		}
	}
}

// keepGrid is the pacer: it looks what is to be done now, does it, and sleeps until the next
// thing is due. It sleeps, it never spins; how late it was is recorded in each sample.
func (p *probe) keepGrid(ctx context.Context) (Ended, error) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		s := p.next()
		switch {
		case s.ended != "":
			return s.ended, s.err
		case s.seq != 0, s.control:
			p.handOver(s.seq)
			continue
		}
		timer.Reset(time.Until(s.wait))
		select {
		case <-timer.C:
		case <-p.wake:
		case <-ctx.Done():
			return Interrupted, ctx.Err()
		}
	}
}

// step is what the pacer does next: end, hand over seq, or wait.
type step struct {
	ended Ended
	err   error
	seq   uint32
	wait  time.Time

	control bool // a ping that is not counted
}

func (p *probe) next() step {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	wait := p.settleOverdue(now)
	busy := 0
	if p.sending {
		busy = 1
	}
	switch givenUp := p.sendSince.Add(p.plan.ReconnectTimeout); {
	case p.fatal != nil:
		return step{ended: LinkLost, err: p.fatal}
	case p.sending && now.Sub(givenUp) >= 0:
		return step{ended: LinkLost, err: fmt.Errorf("send call still blocked after %v: %w", p.plan.ReconnectTimeout, ErrNotConnected)}
	case p.sending:
		wait = sooner(wait, givenUp)
	}
	if p.sent+busy >= p.plan.Count {
		if !p.sending && p.oldest == len(p.samples) {
			return step{ended: Complete}
		}
		return p.control(now, wait)
	}
	if p.plan.ClosedLoop() {
		return p.nextInLoop(now, wait)
	}
	return p.nextOnGrid(now, wait)
}

// control sends pings that are not counted while the last ones wait for their pongs: one that is answered tells
// what became of those before it. An echo that does not tell is not asked.
func (p *probe) control(now, wait time.Time) step {
	last := p.samples[len(p.samples)-1]
	if p.sending || !p.ledger.told || p.ledger.covered >= last.Seq {
		return step{wait: wait}
	}
	if !p.draining {
		p.draining, p.controlAt = true, p.start.Add(last.Sent+p.slowest) // as late as a pong is known to come
	}
	due := p.controlAt.Add(max(p.plan.Cooldown, warmupInterval))
	if now.Before(due) {
		return step{wait: sooner(wait, due)}
	}
	p.controlAt = now
	return step{control: true}
}

func (p *probe) nextOnGrid(now time.Time, wait time.Time) step {
	seq := uint32(len(p.samples)) + 1
	for now.Sub(p.start) >= p.plan.Due(seq+1) { // its time is over
		reason := Stalled
		if p.sending || p.freedAt.After(p.start.Add(p.plan.Due(seq))) {
			reason = Blocked
		}
		p.samples = append(p.samples, Sample{Seq: seq, Due: p.plan.Due(seq), Outcome: NotSent, Reason: reason})
		p.settled(&p.samples[seq-1], now)
		seq++
	}
	due := p.start.Add(p.plan.Due(seq))
	switch {
	case p.sending:
		return step{wait: sooner(wait, p.start.Add(p.plan.Due(seq+1)))}
	case now.Before(due):
		return step{wait: sooner(wait, due)}
	}
	p.samples = append(p.samples, Sample{Seq: seq, Due: p.plan.Due(seq)})
	return step{seq: seq}
}

func (p *probe) nextInLoop(now time.Time, wait time.Time) step {
	ready := p.failedAt.Add(retryInterval)
	switch {
	case p.sending || p.oldest < len(p.samples):
		return step{wait: wait}
	case !p.failedAt.IsZero() && now.Before(ready):
		return step{wait: sooner(wait, ready)}
	case now.Before(p.start):
		return step{wait: sooner(wait, p.start)}
	}
	seq := uint32(len(p.samples)) + 1
	p.samples = append(p.samples, Sample{Seq: seq, Due: now.Sub(p.start)})
	return step{seq: seq}
}

// settleOverdue calls pings lost whose timeout is over and returns when to look again.
// A ping whose send call has not returned is never lost: nobody knows that it left.
func (p *probe) settleOverdue(now time.Time) time.Time {
	for ; p.oldest < len(p.samples); p.oldest++ {
		s := &p.samples[p.oldest]
		if s.Outcome != Unsettled {
			continue
		}
		if p.sending && s.Seq == p.sendSeq {
			break
		}
		deadline := p.start.Add(s.Sent + p.plan.Timeout + settleGrace)
		if now.Before(deadline) {
			return deadline
		}
		s.Outcome = Lost
		p.settled(s, p.start.Add(s.Sent+p.plan.Timeout))
	}
	return now.Add(time.Hour)
}

func sooner(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// run gathers what was measured. Nothing else runs any more.
func (p *probe) run(ended Ended, err error) Run {
	if n := len(p.samples); n > 0 && uint32(n) > p.taken && p.samples[n-1].Outcome == Unsettled {
		p.samples = p.samples[:n-1] // the run ended before its send call began
	}
	p.clocks.Runner = p.clocks.Runner.worse(p.clock.Error())
	c := p.counts
	c.Tally(p.samples)
	ways := p.ledger.split(p.samples)
	for id := range p.others {
		p.echo.Others = append(p.echo.Others, id)
	}
	slices.Sort(p.echo.Others)
	if p.echo.Identity != "" {
		p.echo.Unmatched = p.strays[p.echo.Identity]
	}
	facts := p.session.Facts()
	if !p.firstPong.IsZero() {
		p.echo.FirstPong = p.firstPong.Sub(facts.JoinStarted)
	}
	r := Run{
		ID: p.id, Plan: p.plan, Ways: ways, Ended: ended, Err: err,
		Samples: p.samples, Counts: c, Echo: p.echo, Facts: facts, Clocks: UnknownOffsets, ClockErrors: p.clocks,
	}
	if !p.start.IsZero() {
		r.Start, r.End = p.clock.Time(p.start), p.clock.Time(p.lastEvent)
	} else {
		r.Start = p.clock.Time(time.Now())
		r.End = r.Start
	}
	return r
}
