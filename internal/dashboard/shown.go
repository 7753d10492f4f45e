package dashboard

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/recent"
)

// shown is the view that requests are answered from, and the events of runs that are not in this view yet.
type shown struct {
	mu   sync.Mutex
	view recent.View
	news []news
}

// news are events of runs. The runs are in all views from edition on.
type news struct {
	edition uint64
	events  []byte
}

// of is the view that is shown of store; ok is false if there is none yet.
func (s *shown) of(store bench.Store) (v recent.View, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.view, s.view.Of(store)
}

// hear keeps the events of runs that the store has received, until a view with these runs is shown.
func (s *shown) hear(edition uint64, list []bench.Digest) {
	n := news{edition: edition}
	for _, d := range list {
		n.events = append(n.events, keptEvent(d)...)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.news = append(s.news, n)
}

// show shows v, unless a later view of the same store is shown already. events are those of the runs that are in the
// view now.
func (s *shown) show(store bench.Store, v recent.View) (events []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.view.Of(store) || s.view.Number() < v.Number() {
		s.view = v
	}
	for len(s.news) > 0 && s.news[0].edition <= s.view.Number() {
		events, s.news = append(events, s.news[0].events...), s.news[1:]
	}
	return events
}

// bring looks at the store and shows the result. If ahead is true, the answers to recent requests are made before the
// view is shown. Pages repeat their requests when an event announces a new run. The events are sent last, so the pages
// find their answers ready. may is asked before the look, as recent.Memory.Look does.
func (s *Server) bring(ctx context.Context, store bench.Store, ahead bool, may func() bool) error {
	if err := s.recent.Look(ctx, store, may); err != nil {
		return err
	}
	v, ok := s.recent.View(store)
	if !ok {
		return nil // the memory looks at another store, or cannot hold this one
	}
	if old, ok := s.shown.of(store); ahead && ok && old.Number() < v.Number() {
		s.answerAhead(ctx, store, v)
	}
	if events := s.shown.show(store, v); len(events) > 0 {
		s.kept.tell(events)
	}
	return nil
}

// aheadFor bounds how long answers are made before a view is shown. Other requests for the new view wait meanwhile.
const aheadFor = 500 * time.Millisecond

// answerAhead answers by v the requests that came since the last view, the most frequent first.
func (s *Server) answerAhead(ctx context.Context, store bench.Store, v recent.View) {
	made := map[string]*shared{}
	begun := time.Now()
	for _, old := range s.answers.askedLately() {
		if ctx.Err() != nil || time.Since(begun) > aheadFor {
			break
		}
		from, edition, lasts, ok := s.moment(old.request, store, v)
		if !ok || edition == old.edition {
			continue
		}
		x := s.answers.next(old.request, edition, s.Now(), lasts)
		x.make(func(w http.ResponseWriter, r *http.Request) { old.read(w, r, from) })
		x.read = old.read
		made[keyOf(old.request)] = x
	}
	s.answers.put(made)
}

// askedLately are the answers that were requested since the last call, the most frequent first.
func (a *answers) askedLately() (list []*shared) {
	a.mu.Lock()
	defer a.mu.Unlock()
	times := map[*shared]int32{}
	for _, x := range a.all {
		if n := x.asked.Swap(0); n > 0 {
			list, times[x] = append(list, x), n
		}
	}
	slices.SortFunc(list, func(x, y *shared) int { return cmp.Compare(times[y], times[x]) })
	return list
}
