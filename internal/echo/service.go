package echo

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"rtcbench/bench"
)

// Host makes rooms on one platform, with an echo in each.
type Host interface {
	// Open makes a room whose name nobody can guess, and takes the echo's seat in it. It returns when the echo answers
	// pings: messages, and pings of class if that is not "". The room must end by itself after life, should this
	// process die.
	Open(ctx context.Context, life time.Duration, class bench.TransportClass) (Place, error)
}

// Place is a room with an echo in it.
type Place interface {
	// Invite is what a runner needs to join.
	Invite() (Room, error)
	// Others is how many participants there are beside the echo; -1 = it cannot be told now.
	Others(ctx context.Context) int
	// Again makes the echo leave and join once more, unless it has answered pings already.
	Again(ctx context.Context) error
	// Lost is closed when the echo has lost its seat for good.
	Lost() <-chan struct{}
	// Close takes the echo out and deletes the room.
	Close(ctx context.Context) error
}

// Options are a service's options. A field that is zero has the default named.
type Options struct {
	Hosts     map[string]Host // by platform
	MaxRooms  int             // at one time; 50
	TTL       time.Duration   // of a room; 10 minutes
	AuthToken string          // what a client must show; "" = no token is asked for
	Local     bool            // only this machine is to reach it: a request that names another host is refused
	Rate      float64         // requests a second of one address; 20
	Version   string
	Log       *slog.Logger // nil = none
}

const (
	defaultRooms = 50
	defaultTTL   = 10 * time.Minute
	defaultRate  = 20

	lookInterval = time.Second      // at who is in a room
	grace        = 2 * time.Second  // between the last runner's leaving and the echo's
	openTimeout  = 20 * time.Second // of a room
	closeTimeout = 15 * time.Second
	outlive      = time.Minute // how much longer than its TTL the platform may keep a room
)

// Service lets runners ask for rooms over HTTP. Each room has one echo, which is in it before the runner is told of the
// room.
type Service struct {
	options Options
	meter   *Meter

	mu     sync.Mutex
	rooms  map[string]*room
	closed bool
	ending sync.WaitGroup // rooms that are open or being closed
}

// room is a room that a runner asked for, on one platform or several.
type room struct {
	id      string
	waits   bool             // the runner waits for an echo that joins after it, as runners of the original do
	places  map[string]Place // nil while it is being opened
	created time.Time
	expires time.Time
	end     chan struct{} // closed: it is to end
	once    sync.Once
	ended   chan struct{} // closed: it has ended
}

// NewService makes a service. The caller closes it.
func NewService(o Options, meter *Meter) *Service {
	if o.MaxRooms == 0 {
		o.MaxRooms = defaultRooms
	}
	if o.TTL == 0 {
		o.TTL = defaultTTL
	}
	if o.Rate == 0 {
		o.Rate = defaultRate
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Service{options: o, meter: meter, rooms: map[string]*room{}}
}

// Platform is the name of the platform that is served, or "both".
func (s *Service) Platform() string {
	names := slices.Sorted(maps.Keys(s.options.Hosts))
	if len(names) == 1 {
		return names[0]
	}
	return "both"
}

var (
	errFull    = errors.New("all rooms are taken")
	errClosing = errors.New("the service is stopping")
)

// reserve makes a room's entry, so that rooms that are being opened count as rooms.
func (s *Service) reserve(waits bool) (*room, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return nil, errClosing
	case len(s.rooms) >= s.options.MaxRooms:
		return nil, errFull
	}
	now := time.Now()
	r := &room{
		id: strings.ToLower(rand.Text()), waits: waits, created: now, expires: now.Add(s.options.TTL),
		end: make(chan struct{}), ended: make(chan struct{}),
	}
	s.rooms[r.id] = r
	s.ending.Add(1)
	s.meter.rooms.Set(float64(len(s.rooms)))
	return r, nil
}

// open makes a room on each of platforms for pings of a class, and watches over it from then on. waits says whether the
// runner waits for an echo that joins after it.
func (s *Service) open(ctx context.Context, platforms []string, class bench.TransportClass, waits bool) (Invitation,
	error) {
	r, err := s.reserve(waits)
	if err != nil {
		return Invitation{}, err
	}
	began := time.Now()
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	places, errs := make([]Place, len(platforms)), make([]error, len(platforms))
	var all sync.WaitGroup
	for i, name := range platforms {
		all.Go(func() { places[i], errs[i] = s.options.Hosts[name].Open(ctx, s.options.TTL+outlive, class) })
	}
	all.Wait()
	open := map[string]Place{}
	for i, name := range platforms {
		if errs[i] == nil {
			open[name] = places[i]
		} else {
			errs[i] = fmt.Errorf("%s: %w", name, errs[i])
		}
	}
	s.mu.Lock()
	r.places = open
	s.mu.Unlock()
	if err := errors.Join(errs...); err != nil {
		s.meter.failure("open")
		s.shut(r, "not opened")
		return Invitation{}, err
	}
	invitation, err := r.invite()
	if err != nil {
		s.shut(r, "not opened")
		return Invitation{}, err
	}
	s.meter.opened.Observe(time.Since(began).Seconds())
	go s.watch(r)
	return invitation, nil
}

// invite asks each place for its part of the invitation.
func (r *room) invite() (Invitation, error) {
	in := Invitation{RoomID: r.id, Rooms: map[string]Room{}}
	for name, p := range r.places {
		one, err := p.Invite()
		if err != nil {
			return in, fmt.Errorf("%s: %w", name, err)
		}
		one.ExpiresAt = unixSeconds(r.expires)
		in.Rooms[name] = one
	}
	return in, nil
}

func unixSeconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1e3 }

// watch ends a room when its time is over, its last runner has left, its seat is lost or a client asks for that.
func (s *Service) watch(r *room) {
	over := time.NewTimer(time.Until(r.expires))
	defer over.Stop()
	look := time.NewTicker(lookInterval)
	defer look.Stop()
	lost := make(chan struct{})
	var once sync.Once
	for _, p := range r.places {
		go func() {
			select {
			case <-p.Lost():
				once.Do(func() { close(lost) })
			case <-r.ended:
			}
		}()
	}
	var seen bool            // a runner was here
	var aloneSince time.Time // since the last one left
	for {
		select {
		case <-over.C:
			s.shut(r, "its time is over")
			return
		case <-lost:
			s.meter.failure("seat")
			s.shut(r, "the echo lost its seat")
			return
		case <-r.end:
			s.shut(r, "asked to")
			return
		case <-look.C:
		}
		others, known := s.others(r)
		switch {
		case others > 0:
			if r.waits && !seen {
				s.again(r)
			}
			seen, aloneSince = true, time.Time{}
		case !seen || !known:
		case aloneSince.IsZero():
			aloneSince = time.Now()
		case time.Since(aloneSince) >= grace:
			s.shut(r, "the last runner has left")
			return
		}
	}
}

// again lets the echo join after its runner.
func (s *Service) again(r *room) {
	ctx, cancel := context.WithTimeout(context.Background(), openTimeout)
	defer cancel()
	for name, p := range r.places {
		if err := p.Again(ctx); err != nil { // where the seat is lost by this, Lost says so
			s.options.Log.Warn("the echo did not join again", "platform", name, "error", err)
		}
	}
}

// others counts who is in the room beside the echo; known is false when that cannot be told.
func (s *Service) others(r *room) (n int, known bool) {
	ctx, cancel := context.WithTimeout(context.Background(), lookInterval)
	defer cancel()
	for _, p := range r.places {
		others := p.Others(ctx)
		if others < 0 {
			return 0, false
		}
		n += others
	}
	return n, true
}

// shut takes the echo out, deletes the room and forgets it.
func (s *Service) shut(r *room, why string) {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	var all sync.WaitGroup
	for name, p := range r.places {
		all.Go(func() {
			if err := p.Close(ctx); err != nil {
				s.meter.failure("close")
				s.options.Log.Warn("a room was not deleted; it ends by itself", "platform", name, "error", err)
			}
		})
	}
	all.Wait()
	s.mu.Lock()
	delete(s.rooms, r.id)
	s.meter.rooms.Set(float64(len(s.rooms)))
	s.mu.Unlock()
	close(r.ended)
	s.ending.Done()
	s.options.Log.Info("room closed", "room", short(r.id), "why", why, "after",
		time.Since(r.created).Round(time.Millisecond))
}

// short is a part of a room's id: enough to tell rooms apart in a log, and too little to be let in with.
func short(id string) string { return id[:min(6, len(id))] }

// disconnect ends a room, and returns when the room has ended. found is false when there is no room with that id.
func (s *Service) disconnect(ctx context.Context, id string) (found bool) {
	s.mu.Lock()
	r := s.rooms[id]
	opening := r != nil && r.places == nil
	s.mu.Unlock()
	if r == nil || opening { // no client was told of the room yet
		return false
	}
	r.once.Do(func() { close(r.end) })
	select {
	case <-r.ended:
	case <-ctx.Done():
	}
	return true
}

// Close ends all rooms, and returns when they have ended or ctx does.
func (s *Service) Close(ctx context.Context) error {
	s.mu.Lock()
	s.closed = true
	for _, r := range s.rooms {
		r.once.Do(func() { close(r.end) })
	}
	s.mu.Unlock()
	done := make(chan struct{})
	go func() { s.ending.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("leave the rooms: %w", context.Cause(ctx))
	}
}
