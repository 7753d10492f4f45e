package recorder

import (
	"context"
	"errors"
	"time"

	"rtcbench/bench"
)

// handOver gives the sender a job. The pacer calls it only while the sender is idle.
func (r *Recorder) handOver(seq uint32) {
	r.mu.Lock()
	r.sending, r.sendSeq, r.sendSince = true, seq, time.Now()
	r.mu.Unlock()
	r.jobs <- seq
}

// send is the goroutine that makes the wire's send calls, so that a call that blocks costs slots but never moves the
// grid. A ping is written down before its send call, so that no pong can be faster than its record.
func (r *Recorder) send(ctx context.Context) {
	for {
		var seq uint32
		select {
		case seq = <-r.jobs:
		case <-ctx.Done():
			return
		}
		r.mu.Lock()
		began := time.Now()
		if seq != 0 {
			r.samples[seq-1].Sent, r.taken = began.Sub(r.start), seq
		}
		r.mu.Unlock()
		err := r.wire.Send(ctx, seq, began)
		r.sendReturned(seq, began, err)
	}
}

func (r *Recorder) sendReturned(seq uint32, began time.Time, err error) {
	now := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sending, r.freedAt = false, now
	switch {
	case seq == 0 && err == nil && r.draining:
		r.counts.ControlSent++
	case seq == 0 && err == nil:
		r.counts.WarmupSent++
	case seq == 0 && mayPass(err):
	case err == nil:
		r.sent++
		r.samples[seq-1].SendCall = now.Sub(began)
	case errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded):
		// the run is ending; whether this ping left is not known
	default:
		if !mayPass(err) && r.fatal == nil {
			r.fatal = err
		}
		if seq == 0 {
			break
		}
		r.failedAt = now
		if s := &r.samples[seq-1]; s.Outcome == bench.Unsettled {
			s.Outcome, s.Reason = bench.NotSent, bench.Disconnected
			if errors.Is(err, bench.ErrMuted) {
				s.Reason = bench.Muted
			}
			r.settled(s, now)
		} else {
			r.sent++ // the pong proves that the ping left
		}
	}
	if err != nil || r.awaited {
		r.poke()
	}
}

// mayPass reports whether a send call that failed with err says nothing about the next call.
func mayPass(err error) bool {
	return errors.Is(err, bench.ErrNotConnected) || errors.Is(err, bench.ErrMuted)
}

// poke makes the pacer look again.
func (r *Recorder) poke() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}
