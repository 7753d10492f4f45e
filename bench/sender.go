package bench

import (
	"context"
	"errors"
	"time"
)

// handOver gives the sender a job. The pacer calls it only while the sender is idle.
func (p *probe) handOver(seq uint32) {
	p.mu.Lock()
	p.sending, p.sendSeq, p.sendSince = true, seq, time.Now()
	p.mu.Unlock()
	p.jobs <- seq
}

// send is the goroutine in which the session's send calls are made, so that one that blocks
// costs slots but never moves the grid.
func (p *probe) send(ctx context.Context) {
	var buf []byte
	for {
		var seq uint32
		select {
		case seq = <-p.jobs:
		case <-ctx.Done():
			return
		}
		p.mu.Lock()
		began := time.Now()
		if seq != 0 {
			p.samples[seq-1].Sent, p.taken = began.Sub(p.start), seq
		}
		buf = appendPing(buf[:0], p.stamps.add(p.clock.UnixMilli(began), seq), seq, p.key, p.plan)
		p.mu.Unlock()

		err := p.session.Send(ctx, Message{Payload: buf, Lossy: p.plan.Lossy})
		p.sendReturned(seq, began, err)
	}
}

func (p *probe) sendReturned(seq uint32, began time.Time, err error) {
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sending, p.freedAt = false, now
	switch {
	case seq == 0 && err == nil && p.draining:
		p.counts.ControlSent++
	case seq == 0 && err == nil:
		p.counts.WarmupSent++
	case seq == 0 && errors.Is(err, ErrNotConnected):
	case err == nil:
		p.sent++
		p.samples[seq-1].SendCall = now.Sub(began)
	case errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded):
		// the run is ending; whether this ping left is not known
	default:
		if !errors.Is(err, ErrNotConnected) && p.fatal == nil {
			p.fatal = err
		}
		if seq == 0 {
			break
		}
		p.failedAt = now
		if s := &p.samples[seq-1]; s.Outcome == Unsettled {
			s.Outcome, s.Reason = NotSent, Disconnected
			p.settled(s, now)
		} else {
			p.sent++ // a pong proves that it left
		}
	}
	p.poke()
}

// poke makes the pacer look again.
func (p *probe) poke() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}
