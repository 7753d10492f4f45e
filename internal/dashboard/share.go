package dashboard

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"

	"rtcbench/bench"
)

// Pages that watch ask the same at the same moment: when a run is kept. What one of them is answered is the answer of
// all, as long as it is what the store has.

// answers are what was answered last.
type answers struct {
	mu    sync.Mutex
	all   map[string]*shared
	bytes int // of the bodies
}

// shared is an answer that is being made, or is there. It is right for as long as the store has the same runs, and
// until then, for it says until when it is.
type shared struct {
	edition     uint64 // of the runs in the store
	made, until time.Time
	once        sync.Once
	bytes       int
	*answer
}

// What is kept of answers at one time.
const (
	mostShared      = 512
	mostSharedBytes = 64 << 20
)

// at gives what key is answered.
func (a *answers) at(key string, edition uint64, now time.Time, lasts time.Duration) *shared {
	a.mu.Lock()
	defer a.mu.Unlock()
	one := a.all[key]
	if one != nil && one.edition == edition && !now.Before(one.made) && now.Before(one.until) {
		return one
	}
	if a.all == nil || len(a.all) >= mostShared || a.bytes >= mostSharedBytes {
		a.all, a.bytes = map[string]*shared{}, 0
	} else if one != nil {
		a.bytes -= one.bytes
	}
	one = &shared{edition: edition, made: now, until: now.Add(lasts)}
	a.all[key] = one
	return one
}

// weigh counts a body that has been made.
func (a *answers) weigh(key string, one *shared) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.all[key] == one {
		one.bytes = one.body.Len()
		a.bytes += one.bytes
	}
}

// reads answers from the store, once for all who ask the same while it has the same runs.
func (s *Server) reads(read reading) http.Handler {
	one := tagged(s.readsAlone(read))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		edition, lasts, ok := s.moment(r)
		if !ok {
			one.ServeHTTP(w, r)
			return
		}
		key := r.URL.Path + "?" + r.URL.RawQuery
		x := s.answers.at(key, edition, s.Now(), lasts)
		x.once.Do(func() {
			// who has asked first may go, and the others wait
			x.answer = answerOf(s.readsAlone(read), r.WithContext(context.WithoutCancel(r.Context())))
			s.answers.weigh(key, x)
		})
		x.send(w, r)
	})
}

// An answer is given again for so long, while nothing new is kept: a thousandth of the time that it is about.
const (
	leastShared = time.Second
	longest     = 30 * time.Second
)

// moment is by which runs r is answered, and for how long that answer may be given again; not ok where nobody can tell.
func (s *Server) moment(r *http.Request) (edition uint64, lasts time.Duration, ok bool) {
	q, err := s.filters(r)
	store, unopened := s.source.get()
	if err != nil || unopened != nil {
		return 0, 0, false
	}
	if lasts = longest; !q.Since.IsZero() {
		lasts = min(max(s.Now().Sub(q.Since)/1000, leastShared), longest)
	}
	if r.URL.Query().Has("a") || strings.HasPrefix(r.URL.Path, "/api/results/") { // whose times are in other words
		q.Since, lasts = time.Time{}, leastShared
	}
	edition, err = s.recent.Edition(r.Context(), store, q.Since)
	return edition, lasts, err == nil && edition != 0
}

func (s *Server) readsAlone(answer reading) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		store, err := s.source.get()
		if err != nil {
			s.failed(w, r, err)
			return
		}
		answer(w, r, store)
	})
}

// reading is what answers from a store.
type reading func(w http.ResponseWriter, r *http.Request, store bench.Store)

// progressEvery is how often a page is told how far the store has been read.
const progressEvery = 250 * time.Millisecond

// progress is how far the hours of the last day have been read.
type progress struct {
	Done int `json:"done"`
	Of   int `json:"of"`
}

// warming reads what the page shows first, and tells meanwhile how far it is.
func (s *Server) warming(ctx context.Context, tell func(event []byte)) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = s.Warm(ctx) // an error shows when somebody asks
	}()
	tick := time.NewTicker(progressEvery)
	defer tick.Stop()
	hours := 0 // as was told
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
