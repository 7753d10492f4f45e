package recorder

import (
	"context"
	"math"
	"time"

	"rtcbench/bench"
)

// Pong is an answer to one of our pings, as a matcher has read it.
type Pong struct {
	Seq    uint32    // of the ping; 0 = it is not counted
	Before uint32    // the last counted ping that had left when that one did
	From   string    // who answered
	At     time.Time // T4: when it arrived

	Received, Sent float64 // T2 and T3 by the echo's clock, in Unix ms; NaN = not known
	Kind           string  // of the echo, as in bench.Echo
	ClockError     bench.Quantity
	Seen           bench.Seen // what the echo has had of this run …
	Tells          bool       // … if it says so
}

// hear is the goroutine in which pongs are matched to pings.
func (r *Recorder) hear(ctx context.Context) {
	err := r.wire.Hear(ctx, r)
	if ctx.Err() != nil {
		return
	}
	r.mu.Lock()
	r.fatal = err
	r.mu.Unlock()
	r.poke()
}

// Malformed counts a message that nobody can read. If the run's echo sent it, it may have been the pong of a ping that
// counts as lost.
func (r *Recorder) Malformed(from string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.counts.Malformed++
	r.unmatched[from]++
}

// Stray counts a pong that answers no ping of ours.
func (r *Recorder) Stray(from string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.counts.Foreign++
	r.strays++
	r.unmatched[from]++
}

// Answered takes a pong that answers one of our pings. The first participant that answers is the run's echo, unless the
// plan names one.
func (r *Recorder) Answered(p Pong) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.plan.Echo != "" && p.From != r.plan.Echo {
		r.counts.Foreign++
		r.others[p.From] = true
		return
	}
	if r.firstPong.IsZero() {
		r.firstPong, r.echo.Identity, r.echo.Kind = p.At, p.From, p.Kind
		r.clocks.Echo = p.ClockError
		r.poke()
	}
	if p.From != r.echo.Identity {
		r.counts.Foreign++
		r.others[p.From] = true
		return
	}
	r.clocks.Echo = r.clocks.Echo.Worse(p.ClockError)
	if p.Tells && p.Seen.Last <= uint32(len(r.samples)) {
		r.ledger.take(p.Seen, p.Before)
		if r.draining {
			r.poke()
		}
	}
	if p.Seq != 0 {
		r.answer(&r.samples[p.Seq-1], p)
	}
}

func (r *Recorder) answer(s *bench.Sample, p Pong) {
	if s.Outcome == bench.Answered || s.Outcome == bench.Late {
		r.counts.Duplicate++
		return
	}
	if s.Outcome == bench.NotSent { // the send call failed, and yet the ping arrived
		s.Reason, r.sent = bench.NoReason, r.sent+1
	}
	s.RTT = p.At.Sub(r.start) - s.Sent
	s.Outcome = bench.Answered
	if s.RTT > r.plan.Timeout {
		s.Outcome = bench.Late
	} else {
		r.slowest = max(r.slowest, s.RTT)
	}
	hold, known := Milliseconds(p.Sent - p.Received)
	t1 := r.clock.UnixMilli(r.start.Add(s.Sent)) // the T1 on the wire is rounded
	up, knownUp := Milliseconds(p.Received - t1)
	if known && knownUp && hold >= 0 && hold <= s.RTT {
		s.Stamped, s.Hold, s.Up = true, hold, up
	}
	r.settled(s, p.At)
	if r.plan.ClosedLoop() || r.sent >= r.plan.Count {
		r.poke()
	}
}

// Milliseconds is ms as a duration; ok is false for a number that no clock can show.
func Milliseconds(ms float64) (d time.Duration, ok bool) {
	const most = float64(math.MaxInt64 / int64(time.Millisecond) / 4)
	if math.IsNaN(ms) || math.Abs(ms) > most {
		return 0, false
	}
	return time.Duration(math.Round(ms * float64(time.Millisecond))), true
}

// settled notes when a sample was settled, and tells On of it. The caller holds mu.
func (r *Recorder) settled(s *bench.Sample, at time.Time) {
	if at.After(r.lastEvent) {
		r.lastEvent = at
	}
	r.teller.Tell(*s)
}
