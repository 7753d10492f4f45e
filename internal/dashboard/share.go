package dashboard

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/recent"
)

// Pages that watch make the same requests at the same moment: when a run is kept. The answer to one page is the answer
// to all of them, as long as the store has the same runs.

// answers are the answers that were made last.
type answers struct {
	mu    sync.Mutex
	all   map[string]*shared
	bytes int // of all bodies
}

// shared is an answer that is being made or is ready. It is right as long as the store has the same runs, but at most
// until the time until: the question may be about a span that ends now.
type shared struct {
	request     *http.Request // path and query alone: no header and no address of the client
	read        reading
	edition     uint64 // of the runs in the store, when the answer was made
	made, until time.Time
	asked       atomic.Int32
	once        sync.Once
	bytes       int
	*answer
}

// make makes the answer once; other callers wait.
func (x *shared) make(by http.HandlerFunc) { x.once.Do(func() { x.answer = answerOf(by, x.request) }) }

func keyOf(r *http.Request) string { return r.URL.Path + "?" + r.URL.RawQuery }

// The limits of the answers that are kept at one time.
const (
	mostShared      = 512
	mostSharedBytes = 64 << 20
)

// at is the answer to r: the one that is kept, if it is still right, or else a new one.
func (a *answers) at(r *http.Request, read reading, edition uint64, now time.Time, lasts time.Duration) *shared {
	a.mu.Lock()
	defer a.mu.Unlock()
	one := a.all[keyOf(r)]
	if one == nil || one.edition != edition || now.Before(one.made) || !now.Before(one.until) {
		one = a.next(r, edition, now, lasts)
		one.read = read
		a.set(keyOf(r), one)
	}
	one.asked.Add(1)
	return one
}

// next is a new answer to r, which is not made yet. It holds nothing of the client, and does not end when the client's
// request ends.
func (a *answers) next(r *http.Request, edition uint64, now time.Time, lasts time.Duration) *shared {
	r = r.Clone(context.WithoutCancel(r.Context()))
	r.Header, r.RemoteAddr = http.Header{}, ""
	return &shared{request: r, edition: edition, made: now, until: now.Add(lasts)}
}

// set keeps x; the caller holds mu.
func (a *answers) set(key string, x *shared) {
	if a.all == nil || len(a.all) >= mostShared || a.bytes >= mostSharedBytes {
		a.all, a.bytes = map[string]*shared{}, 0
	}
	if old := a.all[key]; old != nil {
		a.bytes -= old.bytes
	}
	a.all[key] = x
}

// put keeps answers that are there.
func (a *answers) put(made map[string]*shared) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for key, x := range made {
		a.set(key, x)
		x.bytes = x.body.Len()
		a.bytes += x.bytes
	}
}

// weigh counts a body that has been made.
func (a *answers) weigh(x *shared) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.all[keyOf(x.request)] == x && x.bytes == 0 {
		x.bytes = x.body.Len()
		a.bytes += x.bytes
	}
}

// reads serves a request from the store. Equal requests share one answer while the store has the same runs.
func (s *Server) reads(read reading) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		from, edition, lasts, shares := reader{}, uint64(0), time.Duration(0), false
		store, err := s.source.get()
		if err == nil {
			from = s.whole(store)
			if view, ok := s.look(r.Context(), store); ok {
				from, edition, lasts, shares = s.moment(r, store, view)
			}
		}
		answers := func(w http.ResponseWriter, r *http.Request) {
			if err != nil {
				s.failed(w, r, err)
				return
			}
			read(w, r, from)
		}
		if !shares {
			tagged(http.HandlerFunc(answers)).ServeHTTP(w, r)
			return
		}
		x := s.answers.at(r, read, edition, s.Now(), lasts)
		x.make(answers)
		s.answers.weigh(x)
		x.send(w, r)
	})
}

// The bounds of how long an answer may be given again while no new run is kept. Between the bounds it is a thousandth
// of the time span of the question.
const (
	leastShared = time.Second
	longest     = 30 * time.Second
)

// moment is what the answer to r is made from, by view, and how long the answer may be given again. ok is false if the
// answer cannot be shared.
func (s *Server) moment(r *http.Request, store bench.Store, view recent.View) (from reader, edition uint64,
	lasts time.Duration, ok bool) {
	from = s.whole(store)
	q, err := s.filters(r)
	if err != nil {
		return from, 0, 0, false
	}
	if strings.HasPrefix(r.URL.Path, "/api/results/") {
		if q.Since, _, err = s.originalSince(r); err != nil {
			return from, 0, 0, false
		}
	}
	if lasts = longest; !q.Since.IsZero() {
		lasts = min(max(s.Now().Sub(q.Since)/1000, leastShared), longest)
	}
	if r.URL.Query().Has("a") { // the sides give the time
		q.Since, lasts = time.Time{}, leastShared
	}
	if edition, err = view.Edition(r.Context(), q.Since); err != nil {
		return from, 0, 0, false
	}
	return heldBy(view, store), edition, lasts, true
}

// progressEvery is how often a page is told how much of the store has been read.
const progressEvery = 250 * time.Millisecond

// progress is how many hours of the last day have been read, of how many.
type progress struct {
	Done int `json:"done"`
	Of   int `json:"of"`
}

// warming reads the data that the page shows first, and tells the page how much has been read.
func (s *Server) warming(ctx context.Context, tell func(event []byte)) {
	if store, err := s.source.get(); err == nil {
		if _, ok := s.shown.of(store); ok { // the data was read; a look finds new runs, and all answers are made anew
			return
		}
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = s.Warm(ctx) // the next request meets the same error and reports it
	}()
	tick := time.NewTicker(progressEvery)
	defer tick.Stop()
	hours := 0 // of the last event
	for {
		select {
		case <-done:
			if hours > 0 {
				tell(event("reading", progress{hours, hours}))
			}
			return
		case <-tick.C:
			if n, of := s.recent.Reading(); of > 0 {
				hours = of
				tell(event("reading", progress{n, of}))
			}
		}
	}
}
