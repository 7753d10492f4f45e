package dashboard

import (
	"context"
	"net/http"
	"sync"
	"time"

	"rtcbench/bench"
)

// Pages that watch ask the same at the same moment: when a run is kept. What one of them is answered is the answer of
// all, as long as it is what the store has.

// moment is when an answer is right: until the store has other runs, and for a second, because it says until when it
// is.
type moment struct {
	edition uint64 // of what is held of the store
	second  int64
}

// answers are those of the last moment.
type answers struct {
	mu  sync.Mutex
	of  moment
	all map[string]*shared
}

// shared is an answer that is being made, or is there.
type shared struct {
	once sync.Once
	*answer
}

// mostShared is how many answers are kept at one time.
const mostShared = 256

// at gives what key is answered at a moment; nil = there is no room for it.
func (a *answers) at(m moment, key string) *shared {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.all == nil || a.of != m {
		a.of, a.all = m, map[string]*shared{}
	}
	one := a.all[key]
	if one == nil && len(a.all) < mostShared {
		one = &shared{}
		a.all[key] = one
	}
	return one
}

// reads answers from the store, once for all who ask the same of what is held in memory.
func (s *Server) reads(read reading) http.Handler {
	one := tagged(s.readsAlone(read))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if m, ok := s.moment(r); ok {
			if x := s.answers.at(m, r.URL.Path+"?"+r.URL.RawQuery); x != nil {
				x.once.Do(func() {
					// who has asked first may go, and the others wait
					x.answer = answerOf(s.readsAlone(read), r.WithContext(context.WithoutCancel(r.Context())))
				})
				x.send(w, r)
				return
			}
		}
		one.ServeHTTP(w, r)
	})
}

// moment is that of an answer to r, where it follows from what is held in memory.
func (s *Server) moment(r *http.Request) (m moment, ok bool) {
	q, err := s.filters(r)
	store, unopened := s.source.get()
	if err != nil || unopened != nil || q.Since.IsZero() || r.URL.Query().Has("a") {
		return m, false
	}
	edition, from, err := s.recent.Edition(r.Context(), store)
	if err != nil || from.IsZero() || q.Since.Before(from) {
		return m, false
	}
	return moment{edition, s.Now().Unix()}, true
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
