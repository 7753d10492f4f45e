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

// shown is what whoever asks is shown, and what was not told yet because it is not in there.
type shown struct {
	mu   sync.Mutex
	view recent.View
	news []news
}

// news are events of runs that are in views from an edition on.
type news struct {
	edition uint64
	events  []byte
}

// of is what is shown of a store; not ok = nothing yet.
func (s *shown) of(store bench.Store) (v recent.View, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.view, s.view.Of(store)
}

// hear keeps what is to be told of the runs that a store has got.
func (s *shown) hear(edition uint64, list []bench.Digest) {
	n := news{edition: edition}
	for _, d := range list {
		n.events = append(n.events, keptEvent(d)...)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.news = append(s.news, n)
}

// show shows v, unless a later one of its store is shown already, and gives what can be told now.
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

// bring looks at the store and shows what it has. ahead says that what was asked lately is answered first, so that
// nobody waits for that: pages ask again when they are told of something new, which is done last.
func (s *Server) bring(ctx context.Context, store bench.Store, ahead bool) error {
	if err := s.recent.Look(ctx, store); err != nil {
		return err
	}
	v, ok := s.recent.View(store)
	if !ok {
		return nil // another store is looked at, or it cannot be held
	}
	if old, ok := s.shown.of(store); ahead && ok && old.Number() < v.Number() {
		s.answerAhead(ctx, store, v)
	}
	if events := s.shown.show(store, v); len(events) > 0 {
		s.kept.tell(events)
	}
	return nil
}

// aheadFor is for how long answers are made before a view is shown. Who asks something else waits for it.
const aheadFor = 500 * time.Millisecond

// answerAhead answers what was asked since the last view, by v: what was asked most first.
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

// askedLately are the answers that somebody has asked for since they were asked for here.
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
