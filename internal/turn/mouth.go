package turn

import (
	"context"
	"sync"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/turn/utterances"
)

// mouth speaks on a line: one packet every 20 ms, on a grid that never drifts, with the noise of a quiet room where
// there is nothing to say.
type mouth struct {
	line  bench.Line
	quiet [][]byte
	spoke func(packet []byte, at time.Time) // nil = nobody records

	mu     sync.Mutex
	saying *saying
	late   time.Duration // the latest packet, against the grid
}

// saying is an utterance on its way.
type saying struct {
	utterance Utterance
	next      int       // packet
	first     time.Time // when its first audible sample left: T1 of its packet and its place in it
	last      time.Time // when its last one did
	cut       bool      // somebody told it to stop
	done      chan struct{}
}

func newMouth(line bench.Line) (*mouth, error) {
	file, err := utterances.File(utterances.Quiet)
	if err != nil {
		return nil, err
	}
	packets, err := packetsOf(utterances.Quiet, file)
	return &mouth{line: line, quiet: packets}, err
}

// run speaks until ctx ends or the line is over.
func (m *mouth) run(ctx context.Context) error {
	start := time.Now()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for n := 0; ; n++ {
		due := start.Add(time.Duration(n) * Frame)
		timer.Reset(time.Until(due))
		select {
		case <-timer.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		packet, of, index := m.next(n)
		at, err := m.line.Speak(packet, uint64(n)*frameSamples)
		if err != nil {
			return err
		}
		if m.spoke != nil {
			m.spoke(packet, at)
		}
		m.left(of, index, at, at.Sub(due))
	}
}

// next is the packet of a slot of the grid; of is what it belongs to, nil = nothing that is said.
func (m *mouth) next(n int) (packet []byte, of *saying, index int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.saying
	if s == nil {
		return m.quiet[n%len(m.quiet)], nil, 0
	}
	index = s.next
	s.next++
	return s.utterance.Packets[index], s, index
}

// left notes when a packet left.
func (m *mouth) left(s *saying, index int, at time.Time, late time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.late = max(m.late, late)
	if s == nil {
		return
	}
	u := s.utterance
	if index == u.First/frameSamples {
		s.first = at.Add(place(u.First % frameSamples))
	}
	if end := (u.Last - 1) / frameSamples; index <= end && !s.first.IsZero() { // it may be cut after any
		s.last = at.Add(place(min(u.Last-index*frameSamples, frameSamples)))
	}
	if s.next >= len(u.Packets) || s.cut {
		m.saying = nil
		close(s.done)
	}
}

// say begins an utterance with the next packet.
func (m *mouth) say(u Utterance) *saying {
	s := &saying{utterance: u, done: make(chan struct{})}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.saying = s
	return s
}

// stop ends what is being said with the packet that leaves next, at the latest.
func (m *mouth) stop() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.saying != nil {
		m.saying.cut = true
	}
}

// spoken is when what was said could be heard. It is known when s is done.
func (m *mouth) spoken(s *saying) (first, last time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return s.first, s.last
}

func (m *mouth) latest() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.late
}
