package echo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"rtcbench/bench"
)

// seat is one in a room of a hall; it ends when it is closed.
type seat struct {
	bench.Session
	hall *hall
	room string
	end  context.Context
	stop context.CancelFunc
}

func (s *seat) Recv(ctx context.Context) (bench.Packet, error) {
	select {
	case <-ctx.Done():
		return bench.Packet{}, ctx.Err()
	case <-s.end.Done():
		return bench.Packet{}, bench.ErrEnded
	}
}

func (s *seat) Close() error {
	s.hall.mu.Lock()
	defer s.hall.mu.Unlock()
	delete(s.hall.seats, s.room)
	s.stop()
	return nil
}

// hall is a server with rooms, and what an echo that watches it does.
type hall struct {
	mu      sync.Mutex
	away    bool
	runners map[string]int // by room
	seats   map[string]*seat
	log     []string
}

func (h *hall) set(f func()) {
	h.mu.Lock()
	f()
	h.mu.Unlock()
}

func (h *hall) say(format string, args ...any) {
	h.set(func() { h.log = append(h.log, fmt.Sprintf(format, args...)) })
}

func (h *hall) watch(most int) Watch {
	return Watch{
		Most: most, Clock: bench.NewClock(),
		Rooms: func(context.Context) (rooms []string, err error) {
			h.mu.Lock()
			defer h.mu.Unlock()
			if h.away {
				return nil, errors.New("away")
			}
			for room := range h.runners {
				rooms = append(rooms, room)
			}
			slices.Sort(rooms)
			return rooms, nil
		},
		Waits: func(_ context.Context, room string) (bool, error) {
			h.mu.Lock()
			defer h.mu.Unlock()
			return h.runners[room] > 0, nil
		},
		Join: func(_ context.Context, room string) (bench.Session, error) {
			h.mu.Lock()
			defer h.mu.Unlock()
			if room == "shut" {
				return nil, errors.New("shut")
			}
			s := &seat{hall: h, room: room}
			s.end, s.stop = context.WithCancel(context.Background())
			h.seats[room] = s
			return s, nil
		},
		Alone: func(s bench.Session) bool {
			h.mu.Lock()
			defer h.mu.Unlock()
			return h.runners[s.(*seat).room] == 0
		},
		Came:  func(room string) { h.say("came %s", room) },
		Left:  func(room string, why error) { h.say("left %s: %v", room, why) },
		Fault: func(err error) { h.say("fault: %v", err) },
	}
}

// TestWatch: an echo sits where runners are, in as many rooms as it may, tells each fault once, and leaves all in the
// end.
func TestWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &hall{runners: map[string]int{"a": 1, "empty": 0, "shut": 1}, seats: map[string]*seat{}}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- h.watch(2).Run(ctx) }()
		after := func(d time.Duration, want ...string) {
			t.Helper()
			time.Sleep(d)
			synctest.Wait()
			h.mu.Lock()
			defer h.mu.Unlock()
			slices.Sort(h.log)
			if !slices.Equal(h.log, want) {
				t.Errorf("%q, want %q", h.log, want)
			}
			h.log = nil
		}
		after(10*time.Second, "came a", "fault: shut")
		h.set(func() { h.runners["b"], h.runners["c"] = 1, 1; delete(h.runners, "shut") })
		after(10*time.Second, "came b", `fault: room "c" gets no echo now: 2 rooms have one (--max-rooms)`)
		h.set(func() { h.runners["a"] = 0 })
		after(3 * time.Second)
		h.set(func() { h.runners["a"] = 1 }) // it was told late of
		after(10 * time.Second)
		h.set(func() { h.runners["a"] = 0 })
		after(10*time.Second, "came c", "left a: nobody is there any more")
		h.set(func() { h.seats["b"].stop() })
		after(3*time.Second, "came b", "left b: "+bench.ErrEnded.Error())
		h.set(func() { h.away = true })
		after(time.Minute, "fault: away")
		h.set(func() { h.away = false })
		after(10 * time.Second)
		h.set(func() { h.away = true })
		after(10*time.Second, "fault: away")
		stop()
		if err := <-done; err != nil || len(h.seats) != 0 {
			t.Errorf("%v, %d seats are still taken", err, len(h.seats))
		}
		after(0, "left b: context canceled", "left c: context canceled")
		h.away = true
		if err := h.watch(2).Run(t.Context()); err == nil || err.Error() != "away" {
			t.Errorf("a server that is away at the start: %v", err)
		}
	})
}
