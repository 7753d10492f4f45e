package bench

import (
	"context"
	"math"
	"time"
)

// receive is the goroutine that matches what arrives.
func (p *probe) receive(ctx context.Context) {
	for {
		packet, err := p.session.Recv(ctx)
		if err != nil {
			if ctx.Err() == nil {
				p.mu.Lock()
				p.fatal = err
				p.mu.Unlock()
				p.poke()
			}
			return
		}
		p.match(packet)
	}
}

// match finds the ping that a packet answers. A pong is ours when its client_timestamp equals that of a ping
// that we sent, to the thousandth of a millisecond, and its seq, if it has one, agrees.
func (p *probe) match(packet Packet) {
	pong, verdict := decodePong(packet.Payload)
	p.mu.Lock()
	defer p.mu.Unlock()
	switch verdict {
	case malformed:
		p.counts.Malformed++
		return
	case otherTopic:
		return
	}
	i, found := p.stamps.find(pong.timestamp)
	if !found || !math.IsNaN(pong.seq) && pong.seq != float64(p.stamps.seqs[i]) {
		p.counts.Foreign++
		p.strays[packet.From]++
		return
	}
	if p.plan.Echo != "" && packet.From != p.plan.Echo {
		p.counts.Foreign++
		p.others[packet.From] = true
		return
	}
	off, says := milliseconds(pong.clockError)
	clockError := known(off, says && off >= 0)
	if p.firstPong.IsZero() {
		p.firstPong, p.echo.Identity, p.echo.Kind = packet.At, packet.From, "original"
		p.clocks.Echo = clockError
		switch {
		case pong.ours && pong.wrong:
			p.echo.Kind = WrongClock
		case pong.ours:
			p.echo.Kind = "rtcbench"
		}
		p.poke()
	}
	if packet.From != p.echo.Identity {
		p.counts.Foreign++
		p.others[packet.From] = true
		return
	}
	p.clocks.Echo = p.clocks.Echo.worse(clockError)
	if pong.tells && pong.seen.Last <= uint32(len(p.samples)) {
		p.ledger.take(pong.seen, p.stamps.before(i))
		if p.draining {
			p.poke()
		}
	}
	if seq := p.stamps.seqs[i]; seq != 0 {
		p.answer(&p.samples[seq-1], pong, packet.At)
	}
}

func (p *probe) answer(s *Sample, pong pong, at time.Time) {
	if s.Outcome == Answered || s.Outcome == Late {
		p.counts.Duplicate++
		return
	}
	if s.Outcome == NotSent { // the send call failed, and yet it arrived
		s.Reason, p.sent = NoReason, p.sent+1
	}
	s.RTT = at.Sub(p.start) - s.Sent
	s.Outcome = Answered
	if s.RTT > p.plan.Timeout {
		s.Outcome = Late
	} else {
		p.slowest = max(p.slowest, s.RTT)
	}
	hold, known := milliseconds(pong.send - pong.receive)
	t1 := p.clock.UnixMilli(p.start.Add(s.Sent)) // the one on the wire is rounded
	up, knownUp := milliseconds(pong.receive - t1)
	if known && knownUp && hold >= 0 && hold <= s.RTT {
		s.Stamped, s.Hold, s.Up = true, hold, up
	}
	p.settled(s, at)
	if p.plan.ClosedLoop() || p.sent >= p.plan.Count {
		p.poke()
	}
}

// milliseconds is ms as a duration; ok is false for what no clock can say.
func milliseconds(ms float64) (d time.Duration, ok bool) {
	const most = float64(math.MaxInt64 / int64(time.Millisecond) / 4)
	if math.IsNaN(ms) || math.Abs(ms) > most {
		return 0, false
	}
	return time.Duration(math.Round(ms * float64(time.Millisecond))), true
}

// settled notes when a sample was settled and tells of it; the caller holds mu.
func (p *probe) settled(s *Sample, at time.Time) {
	if at.After(p.lastEvent) {
		p.lastEvent = at
	}
	p.teller.Tell(*s)
}
