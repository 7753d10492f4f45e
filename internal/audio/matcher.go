package audio

import (
	"cmp"
	"context"
	"math"
	"slices"
	"sync"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/recorder"
)

// Prober measures with one session of the class bench.RTPAudio.
type Prober struct {
	Session bench.Session // the caller closes it
	Clock   bench.Clock   // gives the pings their T1; an echo in the same process must share it
	Machine recorder.Machine
}

// Probe implements bench.Prober.
func (p Prober) Probe(ctx context.Context, plan bench.Plan, on func(bench.Sample)) (bench.Run, error) {
	r := recorder.New(recorder.Options{Plan: plan, Clock: p.Clock, On: on, Machine: p.Machine})
	size := cmp.Or(plan.PayloadBytes, usualSize)
	m := &matcher{
		session: p.Session, clock: p.Clock, run: r.Number(), size: size, sizes: plan.Numbered,
		stamps: recorder.NewStamps(plan), buf: make([]byte, 0, MaxSize),
		stream: stream{session: p.Session, spacing: plan.Cooldown, filler: Append(nil, nil, size)},
	}
	streaming, stop := context.WithCancel(ctx)
	var stopped sync.WaitGroup
	stopped.Go(func() { m.stream.keep(streaming) })
	defer func() { stop(); stopped.Wait() }()
	return r.Run(ctx, m)
}

// matcher is the recorder.Wire of audio packets, over a session.
type matcher struct {
	session bench.Session
	clock   bench.Clock
	run     uint64 // names it
	size    int
	sizes   bool
	buf     []byte // of the sender
	stream  stream

	mu     sync.Mutex
	stamps recorder.Stamps
	flags  Flags // of the last pong; 0 = there was none
}

// Send implements recorder.Wire.
func (m *matcher) Send(ctx context.Context, seq uint32, at time.Time) error {
	m.mu.Lock()
	t1 := m.stamps.Add(m.clock.UnixMilli(at), seq)
	m.mu.Unlock()
	size := m.size
	if m.sizes && seq != 0 { // larger than fillers and pings that are not counted
		size = LabSize(size+1, seq)
	}
	m.buf = Append(m.buf[:0], nil, size, Record{Type: Ping, Run: m.run, Seq: seq, T1: Micros(t1)})
	m.stream.left(at)
	return m.session.Send(ctx, bench.Message{Payload: m.buf, Class: bench.RTPAudio})
}

// Facts implements recorder.Wire: the facts of the session, and what pongs say of the echo.
func (m *matcher) Facts() bench.Facts {
	f := m.session.Facts()
	m.mu.Lock()
	said := m.flags
	m.mu.Unlock()
	if said == 0 {
		return f
	}
	f.Audio = slices.Clone(f.Audio)
	for i := range f.Audio {
		switch leg := &f.Audio[i]; leg.Leg {
		case bench.Publisher:
			leg.Stamped = said.stamped()
		case bench.Subscriber:
			leg.Carried = said&Carried != 0
		}
	}
	return f
}

// stamped is where the echo stamped the arrival of a ping.
func (f Flags) stamped() string {
	switch {
	case f&AtWire != 0:
		return bench.StampedWire
	case f&AtReceive != 0:
		return bench.StampedReceiveTime
	}
	return bench.StampedPage
}

// Hear implements recorder.Wire.
func (m *matcher) Hear(ctx context.Context, r *recorder.Recorder) error {
	for {
		packet, err := m.session.Recv(ctx)
		if err != nil {
			return err
		}
		if packet.Class == bench.RTPAudio {
			m.match(packet, r)
		}
	}
}

// match finds the pings that a packet answers. A pong is ours when its run, its T1 and its number are those of a ping
// that we sent. Other packets are fillers, the silence of an SFU or somebody's voice: they do not count for a run.
func (m *matcher) match(packet bench.Packet, r *recorder.Recorder) {
	for record, verdict := range Records(packet.Payload) {
		switch {
		case verdict == Malformed:
			r.Malformed(packet.From)
		case record.Type == Pong:
			m.pong(record, packet, r)
		}
	}
}

func (m *matcher) pong(p Record, packet bench.Packet, r *recorder.Recorder) {
	m.mu.Lock()
	seq, before, found := m.stamps.Find(Millis(p.T1))
	if found && p.Run == m.run {
		m.flags = p.Flags
	}
	m.mu.Unlock()
	if !found || seq != p.Seq || p.Run != m.run {
		r.Stray(packet.From)
		return
	}
	received, sent := math.NaN(), math.NaN()
	if p.has(Stamped) {
		received, sent = Millis(p.T2), Millis(p.T3)
	}
	kind := "rtcbench"
	if p.has(WrongClock) {
		kind = bench.WrongClock
	}
	r.Answered(recorder.Pong{
		Seq: seq, Before: before, From: packet.From, At: packet.At, Received: received, Sent: sent, Kind: kind,
		ClockError: bench.Known(time.Duration(p.ClockError)*time.Microsecond, p.has(ClockKnown)),
		Seen:       p.Seen, Tells: p.has(Tells),
	})
}

func (r Record) has(f Flags) bool { return r.Flags&f != 0 }
