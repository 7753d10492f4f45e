package echo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"rtcbench/bench"
)

const (
	lookEvery   = time.Second      // at the rooms that there are
	lookTimeout = 10 * time.Second // for one answer of the server
	// aloneFor is how long nobody else must have been in a room before the echo leaves it: a LiveKit server may tell up
	// to 4 s late of somebody who sends no media.
	aloneFor = 5 * time.Second
)

// Watch says how an echo serves rooms that others make, once a participant waits in them. Several goroutines call its
// functions at the same time.
type Watch struct {
	// Rooms gives the names of the rooms to be served that exist now.
	Rooms func(context.Context) ([]string, error)
	Waits func(ctx context.Context, room string) (bool, error)          // whether somebody in it wants an echo
	Join  func(ctx context.Context, room string) (bench.Session, error) // takes the echo's seat
	Alone func(bench.Session) bool                                      // whether nobody in it wants an echo any more
	// for the first look; more than that of any other is not waited
	Within time.Duration
	Most   int // seats at one time
	Clock  bench.Clock
	Came   func(room string) // when pings are answered there
	Left   func(room string, why error)
	Fault  func(error) // each once, until what failed has worked
}

// Run serves until ctx ends, leaves all rooms and returns nil. Only the first look at the rooms may fail.
func (w Watch) Run(ctx context.Context) error {
	r := watching{Watch: w, seats: map[string]bool{}, seen: map[string]*seenRuns{}, told: map[string]bool{}}
	defer r.all.Wait()
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for first := true; ; first = false {
		within := lookTimeout
		if first && w.Within > 0 {
			within = min(within, w.Within)
		}
		err := r.look(ctx, within)
		if err != nil && first && ctx.Err() == nil {
			return err
		}
		r.worked(ctx, "", err)
		select {
		case <-look.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// watching is a Watch that runs.
type watching struct {
	Watch
	all sync.WaitGroup // of seats

	mu    sync.Mutex
	seats map[string]bool      // by room
	seen  map[string]*seenRuns // by room: what was seen outlives a seat
	told  map[string]bool      // faults, by room; "" = of looking
}

// look takes a seat in each room where a participant waits. Its error is that of asking for the rooms.
func (r *watching) look(ctx context.Context, within time.Duration) error {
	asking, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	rooms, err := r.Rooms(asking)
	if err != nil {
		return err
	}
	r.forget(rooms)
	for _, room := range rooms {
		if sits, _ := r.seated(room); sits {
			continue
		}
		asking, cancel := context.WithTimeout(ctx, lookTimeout)
		waits, err := r.Waits(asking, room)
		cancel()
		if err == nil && !waits {
			continue
		}
		if _, n := r.seated(room); err == nil && n >= r.Most {
			err = fmt.Errorf("room %q gets no echo now: %d rooms have one (--max-rooms)", room, n)
		}
		if err != nil {
			r.worked(ctx, room, err)
			continue
		}
		r.mu.Lock()
		r.seats[room] = true
		r.mu.Unlock()
		r.all.Go(func() {
			r.worked(ctx, room, r.sit(ctx, room))
			r.mu.Lock()
			delete(r.seats, room)
			r.mu.Unlock()
		})
	}
	return nil
}

// seated reports whether the echo has a seat in a room, and in how many rooms it has one.
func (r *watching) seated(room string) (sits bool, n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.seats[room], len(r.seats)
}

// worked tells of a fault that was not told yet. Without a fault, it notes that the next fault is to be told again.
func (r *watching) worked(ctx context.Context, room string, err error) {
	r.mu.Lock()
	news := err != nil && !r.told[room] && ctx.Err() == nil
	if err == nil {
		delete(r.told, room)
	} else {
		r.told[room] = true
	}
	r.mu.Unlock()
	if news {
		r.Fault(err)
	}
}

// forget drops what is known of rooms that are gone.
func (r *watching) forget(rooms []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for room := range r.told {
		if room != "" && !r.seats[room] && !slices.Contains(rooms, room) {
			delete(r.told, room)
		}
	}
	for room := range r.seen {
		if !r.seats[room] && !slices.Contains(rooms, room) {
			delete(r.seen, room)
		}
	}
}

var errAlone = errors.New("nobody is there any more")

// sit answers in one room until nobody else is there, the seat is lost (the next look may then take it again) or ctx
// ends. It fails when the seat cannot be taken.
func (r *watching) sit(ctx context.Context, room string) error {
	s, err := r.Join(ctx, room)
	if err != nil {
		return err
	}
	r.worked(ctx, room, nil)
	r.Came(room)
	answering, stop := context.WithCancelCause(ctx)
	var watch sync.WaitGroup
	watch.Go(func() { r.leaveAlone(answering, s, stop) })
	r.mu.Lock()
	if r.seen[room] == nil {
		r.seen[room] = &seenRuns{}
	}
	seen := r.seen[room]
	r.mu.Unlock()
	why := answer(answering, s, r.Clock, seen, func(time.Duration) {})
	if answering.Err() != nil {
		why = context.Cause(answering)
	}
	stop(nil)
	watch.Wait()
	s.Close()
	r.Left(room, why)
	return nil
}

// leaveAlone calls stop when nobody has been with s for long enough.
func (r *watching) leaveAlone(ctx context.Context, s bench.Session, stop context.CancelCauseFunc) {
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	last := time.Now() // when somebody was there
	for {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
		}
		if !r.Alone(s) {
			last = time.Now()
		} else if time.Since(last) >= aloneFor {
			stop(errAlone)
			return
		}
	}
}
