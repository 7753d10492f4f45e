package recorder

import (
	"context"
	"fmt"
	"time"

	"rtcbench/bench"
)

// warmUp sends pings that are not counted: until the first pong, then as many as the plan wants.
func (r *Recorder) warmUp(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	began := time.Now()
	for {
		r.mu.Lock()
		answered, fatal, idle := !r.firstPong.IsZero(), r.fatal, !r.sending
		strays, malformed := r.strays, r.counts.Malformed
		r.mu.Unlock()
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case fatal != nil:
			return fatal
		case answered:
			return r.warmUpOnGrid(ctx, timer)
		case time.Since(began) >= r.plan.EchoTimeout:
			return bench.NoEcho(r.plan.EchoTimeout, strays, malformed)
		case idle:
			r.handOver(0)
		}
		next := min(warmupInterval, r.plan.EchoTimeout-time.Since(began))
		r.sleepUntilFirstPong(ctx, timer, next)
	}
}

func (r *Recorder) sleepUntilFirstPong(ctx context.Context, timer *time.Timer, d time.Duration) {
	timer.Reset(d)
	for {
		select {
		case <-timer.C:
			return
		case <-ctx.Done():
			return
		case <-r.wake:
			r.mu.Lock()
			over := !r.firstPong.IsZero() || r.fatal != nil
			r.mu.Unlock()
			if over {
				return
			}
		}
	}
}

func (r *Recorder) warmUpOnGrid(ctx context.Context, timer *time.Timer) error {
	interval := r.plan.Cooldown
	if r.plan.ClosedLoop() {
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
		r.mu.Lock()
		idle, fatal := !r.sending, r.fatal
		if i == r.plan.Warmup {
			unix := time.Duration(r.clock.UnixMilli(due) * float64(time.Millisecond))
			r.start = due.Add(r.plan.Align(unix) - unix)
			r.lastEvent = r.start
		}
		r.mu.Unlock()
		switch {
		case fatal != nil:
			return fatal
		case i == r.plan.Warmup:
			return nil
		case idle:
			r.handOver(0)
		}
	}
}

// keepGrid is the pacer: it looks what is to be done now, does that, and sleeps until the next thing is due. It never
// spins. How late the pacer was is recorded in each sample.
func (r *Recorder) keepGrid(ctx context.Context) (bench.Ended, error) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		s := r.next()
		switch {
		case s.ended != "":
			return s.ended, s.err
		case s.seq != 0, s.control:
			r.handOver(s.seq)
			continue
		}
		timer.Reset(time.Until(s.wait))
		select {
		case <-timer.C:
		case <-r.wake:
		case <-ctx.Done():
			return bench.Interrupted, ctx.Err()
		}
	}
}

// step is what the pacer does next: end, hand over seq, or wait.
type step struct {
	ended bench.Ended
	err   error
	seq   uint32
	wait  time.Time

	control bool // a ping that is not counted
}

func (r *Recorder) next() step {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	wait := r.settleOverdue(now)
	r.awaited = true
	busy := 0
	if r.sending {
		busy = 1
	}
	switch givenUp := r.sendSince.Add(r.plan.ReconnectTimeout); {
	case r.fatal != nil:
		return step{ended: bench.LinkLost, err: r.fatal}
	case r.sending && now.Sub(givenUp) >= 0:
		return step{ended: bench.LinkLost,
			err: fmt.Errorf("send call still blocked after %v: %w", r.plan.ReconnectTimeout, bench.ErrNotConnected)}
	case r.sending:
		wait = sooner(wait, givenUp)
	}
	if r.sent+busy >= r.plan.Count {
		if !r.sending && r.oldest == len(r.samples) {
			return step{ended: bench.Complete}
		}
		return r.control(now, wait)
	}
	if r.plan.ClosedLoop() {
		return r.nextInLoop(now, wait)
	}
	return r.nextOnGrid(now, wait)
}

// control sends pings that are not counted while the last counted pings wait for their pongs: the answer to such a ping
// tells what became of the pings before it. An echo that tells nothing gets no control pings.
func (r *Recorder) control(now, wait time.Time) step {
	if r.sending || !r.ledger.told { // the ping being sent may be the last one before the first counted one
		return step{wait: wait}
	}
	last := r.samples[len(r.samples)-1]
	if r.ledger.covered >= last.Seq {
		return step{wait: wait}
	}
	if !r.draining {
		r.draining, r.controlAt = true, r.start.Add(last.Sent+r.slowest) // the latest that a pong has come
	}
	due := r.controlAt.Add(max(r.plan.Cooldown, warmupInterval))
	if now.Before(due) {
		return step{wait: sooner(wait, due)}
	}
	r.controlAt = now
	return step{control: true}
}

func (r *Recorder) nextOnGrid(now time.Time, wait time.Time) step {
	seq := uint32(len(r.samples)) + 1
	for now.Sub(r.start) >= r.plan.Due(seq+1) { // the time of the slot is over
		reason := bench.Stalled
		if r.sending || r.freedAt.After(r.start.Add(r.plan.Due(seq))) {
			reason = bench.Blocked
		}
		r.samples = append(r.samples, bench.Sample{Seq: seq, Due: r.plan.Due(seq), Outcome: bench.NotSent,
			Reason: reason})
		r.settled(&r.samples[seq-1], now)
		seq++
	}
	due := r.start.Add(r.plan.Due(seq))
	switch {
	case r.sending && now.Before(due):
		return r.undisturbed(now, sooner(wait, due))
	case r.sending:
		return step{wait: sooner(wait, r.start.Add(r.plan.Due(seq+1)))}
	case now.Before(due):
		return step{wait: sooner(wait, due)}
	}
	r.samples = append(r.samples, bench.Sample{Seq: seq, Due: r.plan.Due(seq)})
	return step{seq: seq}
}

// undisturbed sleeps until wait, or until the ping that is being sent may be overdue. The sender does not wake the
// pacer meanwhile: a thread that wakes up while a ping is under way may take the processor from the thread that carries
// the ping.
func (r *Recorder) undisturbed(now, wait time.Time) step {
	left := now
	if r.sendSeq != 0 && r.taken == r.sendSeq {
		left = r.start.Add(r.samples[r.sendSeq-1].Sent)
	}
	overdue := left.Add(r.plan.Timeout + settleGrace)
	r.awaited = !now.Before(overdue)
	if !r.awaited {
		wait = sooner(wait, overdue)
	}
	return step{wait: wait}
}

func (r *Recorder) nextInLoop(now time.Time, wait time.Time) step {
	ready := r.failedAt.Add(retryInterval)
	switch {
	case r.sending || r.oldest < len(r.samples):
		return step{wait: wait}
	case !r.failedAt.IsZero() && now.Before(ready):
		return step{wait: sooner(wait, ready)}
	case now.Before(r.start):
		return step{wait: sooner(wait, r.start)}
	}
	seq := uint32(len(r.samples)) + 1
	r.samples = append(r.samples, bench.Sample{Seq: seq, Due: now.Sub(r.start)})
	return step{seq: seq}
}

// settleOverdue calls pings lost whose timeout is over, and returns when to look again. A ping whose send call has not
// returned is never called lost: nobody knows whether it left.
func (r *Recorder) settleOverdue(now time.Time) time.Time {
	for ; r.oldest < len(r.samples); r.oldest++ {
		s := &r.samples[r.oldest]
		if s.Outcome != bench.Unsettled {
			continue
		}
		if r.sending && s.Seq == r.sendSeq {
			break
		}
		deadline := r.start.Add(s.Sent + r.plan.Timeout + settleGrace)
		if now.Before(deadline) {
			return deadline
		}
		s.Outcome = bench.Lost
		r.settled(s, r.start.Add(s.Sent+r.plan.Timeout))
	}
	return now.Add(time.Hour)
}

func sooner(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
