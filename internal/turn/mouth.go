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
	far   bench.Performer // the line, if it keeps the grid itself; nil = this process does
	quiet [][]byte
	spoke func(packet []byte, at, due time.Time) // nil = nobody records

	pings *pings // ride in quiet packets; nil = there are none

	mu     sync.Mutex
	saying *saying
	held   []held        // what this process did late, in the last minutes
	said   uint32        // how often something was said
	late   time.Duration // the latest packet, against the grid
	grid   time.Time     // of a performer: when its packet 0 was due, by the packets that have left
	left   int           // how many packets of a performer have left …
	last   time.Time     // … and when the last of them left
}

// held is a packet that was due at a moment and left late. For as long as it was late, at the least, this process got
// to nothing.
type held struct {
	due  time.Time
	late time.Duration
}

const (
	noticed    = 2 * time.Millisecond // less is no delay
	mostHeld   = 1 << 12
	aroundThat = 2 * Frame // how far around a moment a delay may have moved it
)

func (m *mouth) hold(due time.Time, late time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.holds(due, late)
}

// holds is hold for a caller that has the lock.
func (m *mouth) holds(due time.Time, late time.Duration) {
	if late < noticed {
		return
	}
	if len(m.held) >= mostHeld {
		m.held = append(m.held[:0], m.held[mostHeld/2:]...)
	}
	m.held = append(m.held, held{due, late})
}

// stalled is the longest time for which this process did not get to its packets around a moment.
func (m *mouth) stalled(at time.Time) (most time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, h := range m.held {
		if h.due.Before(at.Add(aroundThat)) && h.due.Add(h.late).After(at.Add(-aroundThat)) {
			most = max(most, h.late)
		}
	}
	return most
}

// saying is an utterance on its way.
type saying struct {
	number    uint32
	utterance Utterance
	next      int       // packet
	first     time.Time // when its first audible sample left: T1 of its packet and its place in it
	last      time.Time // when its last audible sample left
	cut       bool      // somebody told it to stop
	done      chan struct{}
}

func newMouth(line bench.Line) (*mouth, error) {
	file, err := utterances.File(utterances.Quiet)
	if err != nil {
		return nil, err
	}
	packets, err := packetsOf(utterances.Quiet, file)
	far, _ := line.(bench.Performer)
	return &mouth{line: line, far: far, quiet: packets}, err
}

// run speaks until ctx ends or the line is over.
func (m *mouth) run(ctx context.Context) error {
	if m.far != nil {
		if err := m.far.Perform(0, m.quiet); err != nil {
			return err
		}
		<-ctx.Done()
		return context.Cause(ctx)
	}
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
		if of == nil && m.pings != nil {
			packet = m.pings.ride(packet, n)
		}
		at, err := m.line.Speak(packet, uint64(n)*frameSamples)
		if err != nil {
			return err
		}
		m.hold(due, time.Since(due))
		if m.spoke != nil {
			m.spoke(packet, at, due)
		}
		m.leaves(of, index, at, at.Sub(due), false)
	}
}

// next is the packet for slot n of the grid. of is the utterance that the packet belongs to; nil = nothing is being
// said.
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

// told takes what a performer tells of a packet that has left.
func (m *mouth) told(h bench.Heard) {
	m.mu.Lock()
	s, packet := m.saying, []byte(nil)
	switch {
	case h.Say == 0 && h.Index < len(m.quiet):
		s, packet = nil, m.quiet[h.Index]
	case s == nil || h.Say != s.number || h.Index >= len(s.utterance.Packets):
		s = nil // a packet of an utterance that was replaced
	default:
		packet = s.utterance.Packets[h.Index]
	}
	if m.left > 0 { // the grid may slip for good, where an encoder leaves packets out
		m.holds(m.last.Add(Frame), h.At.Sub(m.last)-Frame)
	}
	m.last = h.At
	due := m.grid.Add(time.Duration(m.left) * Frame)
	if m.left == 0 || h.At.Before(due) {
		due = h.At
		m.grid = due.Add(-time.Duration(m.left) * Frame)
	}
	m.left++
	m.mu.Unlock()
	if m.spoke != nil && packet != nil {
		m.spoke(packet, h.At, due)
	}
	m.leaves(s, h.Index, h.At, h.At.Sub(due), h.Last)
}

// leaves notes when a packet left. last says that no other packet of the utterance will leave.
func (m *mouth) leaves(s *saying, index int, at time.Time, late time.Duration, last bool) {
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
	if end := (u.Last - 1) / frameSamples; index <= end && !s.first.IsZero() { // it may be cut after any packet
		s.last = at.Add(place(min(u.Last-index*frameSamples, frameSamples)))
	}
	if last || m.far == nil && (s.next >= len(u.Packets) || s.cut) {
		m.saying = nil
		close(s.done)
	}
}

// say begins an utterance with the next packet.
func (m *mouth) say(u Utterance) *saying {
	m.mu.Lock()
	m.said++
	s := &saying{number: m.said, utterance: u, done: make(chan struct{})}
	m.saying = s
	m.mu.Unlock()
	if m.far != nil {
		m.far.Perform(s.number, u.Packets) // where it fails, the line is over
	}
	return s
}

// stop ends what is being said, with the packet that leaves next at the latest.
func (m *mouth) stop() {
	m.mu.Lock()
	s := m.saying
	if s != nil {
		s.cut = true
	}
	m.mu.Unlock()
	if s != nil && m.far != nil {
		m.far.Cut(s.number)
	}
}

// spoken is when the first and the last audible sample of s left. Both are known once s is done.
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
