package loopback

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"time"

	"rtcbench/bench"
)

type session struct {
	transport      *Transport
	room, identity string
	class          bench.TransportClass
	patience       time.Duration
	joined         time.Time
	inbox          chan bench.Packet
	done           chan struct{}

	mu         sync.Mutex
	n          int // messages sent so far
	down       bool
	reconnects int
	giveUp     *time.Timer
	err        error                       // why done is closed
	ordered    map[*session][]bench.Packet // on the reliable way to each receiver, in order
	last       map[*session]time.Time      // when the last of them arrives
}

func (s *session) Send(ctx context.Context, m bench.Message) error {
	s.mu.Lock()
	n, down, err := s.n, s.down, s.err
	if err == nil && !down {
		s.n++
	}
	s.mu.Unlock()
	switch {
	case err != nil:
		return err
	case down:
		return bench.ErrNotConnected
	case ctx.Err() != nil:
		return ctx.Err()
	}
	if s.transport.Stall != nil {
		if err := s.wait(ctx, s.transport.Stall(s.identity, n)); err != nil {
			return err
		}
	}
	delays := []time.Duration{0}
	if path := s.transport.Paths[s.identity]; path != nil {
		delays = path(n)
	}
	packet := bench.Packet{Payload: bytes.Clone(m.Payload), From: s.identity}
	if m.Class == bench.RTPAudio {
		packet.Class = m.Class
	}
	for _, to := range s.others(m.To) {
		for _, d := range delays {
			s.carry(to, packet, d, m.Class)
		}
	}
	return nil
}

func (s *session) wait(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-s.done:
		return s.err
	}
}

func (s *session) others(only string) (list []*session) {
	s.transport.mu.Lock()
	defer s.transport.mu.Unlock()
	for id, other := range s.transport.rooms[s.room] {
		if other != s && (only == "" || only == id) {
			list = append(list, other)
		}
	}
	return list
}

// carry delivers p to another session after d. On the reliable way a timer that fires takes
// the oldest packet under way, so that the order holds whatever the timers do.
func (s *session) carry(to *session, p bench.Packet, d time.Duration, class bench.TransportClass) {
	if class == bench.DataChannelLossy || class == bench.RTPAudio {
		after(d, func() { to.arrive(p) })
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	at := now.Add(d)
	if at.Before(s.last[to]) {
		at = s.last[to]
	}
	s.last[to] = at
	s.ordered[to] = append(s.ordered[to], p)
	if d == 0 && at.Equal(now) && len(s.ordered[to]) == 1 { // at once, without a timer
		s.ordered[to] = s.ordered[to][:0]
		to.arrive(p)
		return
	}
	after(at.Sub(now), func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		first := s.ordered[to][0]
		s.ordered[to] = s.ordered[to][1:]
		to.arrive(first)
	})
}

// after does something when d is over. In a bubble of synctest a timer that is over at once crashes the race detector
// of Go 1.26 once in a while.
func after(d time.Duration, do func()) {
	if d > 0 {
		time.AfterFunc(d, do)
		return
	}
	go do()
}

func (s *session) arrive(p bench.Packet) {
	p.At = time.Now()
	select {
	case <-s.done:
	default:
		select {
		case s.inbox <- p:
		case <-s.done:
		}
	}
}

func (s *session) Recv(ctx context.Context) (bench.Packet, error) {
	select {
	case p := <-s.inbox:
		return p, nil
	default:
	}
	select {
	case p := <-s.inbox:
		return p, nil
	case <-ctx.Done():
		return bench.Packet{}, ctx.Err()
	case <-s.done:
		return bench.Packet{}, s.err
	}
}

func (s *session) Facts() bench.Facts {
	s.mu.Lock()
	defer s.mu.Unlock()
	return bench.Facts{
		Identity: s.identity, Engine: "native", EngineVersion: "loopback", Transport: bench.InProcess,
		Channel:     bench.Channel{Known: true, Ordered: s.class != bench.DataChannelLossy},
		JoinStarted: s.joined, Reconnects: s.reconnects,
	}
}

func (s *session) Close() error {
	t := s.transport
	t.mu.Lock()
	if t.rooms[s.room][s.identity] == s {
		delete(t.rooms[s.room], s.identity)
	}
	t.mu.Unlock()
	s.end(bench.ErrClosed)
	return nil
}

func (s *session) end(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return
	}
	s.err = err
	if s.giveUp != nil {
		s.giveUp.Stop()
	}
	close(s.done)
}

func (s *session) setDown(down bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = down
	if !down {
		s.giveUp.Stop()
		return
	}
	s.reconnects++
	s.giveUp = time.AfterFunc(s.patience, func() {
		s.end(fmt.Errorf("%w: link down for %v", bench.ErrEnded, s.patience))
	})
}
