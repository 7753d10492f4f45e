// Package ping measures by messages: it sends the pings of a recorder over a session as JSON, and reads the pongs. The
// messages are those of the original tool, with some keys of our own.
package ping

import (
	"context"
	"math"
	"sync"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/recorder"
)

// Prober measures with one session.
type Prober struct {
	Session bench.Session // the caller closes it
	Clock   bench.Clock   // gives the pings their T1; an echo in the same process must share it
	Machine recorder.Machine
}

// NewProber makes a Prober that watches this machine. The caller closes s.
func NewProber(s bench.Session, clock bench.Clock) bench.Prober {
	return Prober{Session: s, Clock: clock}
}

// Probe implements bench.Prober.
func (p Prober) Probe(ctx context.Context, plan bench.Plan, on func(bench.Sample)) (bench.Run, error) {
	r := recorder.New(recorder.Options{Plan: plan, Clock: p.Clock, On: on, Machine: p.Machine})
	m := &matcher{
		session: p.Session, clock: p.Clock, plan: plan, key: r.Key(),
		stamps: recorder.NewStamps(plan),
	}
	return r.Run(ctx, m)
}

// matcher is the recorder.Wire of JSON messages, over a session.
type matcher struct {
	session bench.Session
	clock   bench.Clock
	plan    bench.Plan
	key     string // names the run
	buf     []byte // of the sender

	mu     sync.Mutex
	stamps recorder.Stamps
}

// Send implements recorder.Wire.
func (m *matcher) Send(ctx context.Context, seq uint32, at time.Time) error {
	m.mu.Lock()
	t1 := m.stamps.Add(m.clock.UnixMilli(at), seq)
	m.mu.Unlock()
	m.buf = appendPing(m.buf[:0], t1, seq, m.key, m.plan)
	return m.session.Send(ctx, bench.Message{Payload: m.buf, Class: m.plan.Class})
}

// Facts implements recorder.Wire.
func (m *matcher) Facts() bench.Facts { return m.session.Facts() }

// Hear implements recorder.Wire.
func (m *matcher) Hear(ctx context.Context, r *recorder.Recorder) error {
	for {
		packet, err := m.session.Recv(ctx)
		if err != nil {
			return err
		}
		m.match(packet, r)
	}
}

// match finds the ping that a packet answers. A pong is ours when its client_timestamp equals that of a ping
// that we sent, to the thousandth of a millisecond, and its seq, if it has one, agrees.
func (m *matcher) match(packet bench.Packet, r *recorder.Recorder) {
	pong, verdict := decodePong(packet.Payload)
	switch verdict {
	case malformed:
		r.Malformed(packet.From)
		return
	case otherTopic:
		return
	}
	m.mu.Lock()
	seq, before, found := m.stamps.Find(pong.timestamp)
	m.mu.Unlock()
	if !found || !math.IsNaN(pong.seq) && pong.seq != float64(seq) {
		r.Stray(packet.From)
		return
	}
	off, says := recorder.Milliseconds(pong.clockError)
	r.Answered(recorder.Pong{
		Seq: seq, Before: before, From: packet.From, At: packet.At, Received: pong.receive, Sent: pong.send,
		Kind:       pong.kind(),
		ClockError: bench.Known(off, says && off >= 0), Seen: pong.seen, Tells: pong.tells,
	})
}

// kind is the kind of the echo that answered, as bench.Echo names it.
func (p pong) kind() string {
	switch {
	case p.ours && p.wrong:
		return bench.WrongClock
	case p.ours:
		return "rtcbench"
	}
	return bench.Original
}
