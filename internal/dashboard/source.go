package dashboard

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"sync"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/archive"
	"rtcbench/internal/recent"
	"rtcbench/internal/report"
)

// source is the store that is read. A store that does not exist yet is opened as soon as it does.
type source struct {
	open func() (bench.Store, error)

	mu    sync.Mutex
	store bench.Store
}

// get gives the store. While there is no store, it gives a store without runs.
func (s *source) get() (bench.Store, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.store != nil {
		return s.store, nil
	}
	store, err := s.open()
	var none *archive.NoStore
	switch {
	case errors.As(err, &none):
		return absent{none.File}, nil
	case err != nil:
		return nil, err
	}
	s.store = store
	return store, nil
}

// opened is the store if it was opened already; nil = it was not.
func (s *source) opened() bench.Store {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.store
}

func (s *source) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.store == nil {
		return nil
	}
	store := s.store
	s.store = nil
	return store.Close()
}

// absent stands for a store that does not exist yet.
type absent struct{ file string }

func (absent) Save(context.Context, bench.Record) error { return bench.ErrRejected }
func (absent) Close() error                             { return nil }
func (a absent) String() string                         { return a.file }
func (absent) Runs(context.Context, bench.Query) iter.Seq2[bench.Run, error] {
	return func(func(bench.Run, error) bool) {}
}

// reader is what an answer is made from.
type reader struct {
	store   bench.Store      // in a held reader the runs of the last day come from memory, too
	digests archive.Digester // the last day from memory, the rest from the store
	held    bool             // digests are those of one moment and are ready in memory
	view    recent.View      // of a held reader
}

// remembering is a store whose runs of the last day are read once.
type remembering struct {
	bench.Store
	view recent.View
}

func (r remembering) Runs(ctx context.Context, q bench.Query) iter.Seq2[bench.Run, error] {
	return r.view.Runs(ctx, q)
}

// heldBy is a reader of what view holds, and of what store has beyond.
func heldBy(view recent.View, store bench.Store) reader {
	return reader{remembering{store, view}, view.Digests, true, view}
}

// timelinesOf are the timelines of the runs that q asks for. Where memory holds all of them, no more timelines are made
// at one time than there are processors, and those that were asked for first are made first: many pages that open at
// the same moment ask for a few views, and most of them for one.
func (s *Server) timelinesOf(ctx context.Context, from reader, q bench.Query, parts int) (archive.Timelines, error) {
	if from.held && from.view.Holds(q.Since) {
		select {
		case s.turns <- struct{}{}:
			defer func() { <-s.turns }()
		case <-ctx.Done():
			return archive.Timelines{}, ctx.Err()
		}
	}
	return archive.ReadTimelines(ctx, from.store, from.digests, q, parts, s.Now())
}

// reading answers a request from a store.
type reading func(w http.ResponseWriter, r *http.Request, from reader)

// whole is a reader that looks at the store when its digests are wanted.
func (s *Server) whole(store bench.Store) reader {
	return reader{store: store, digests: func(ctx context.Context, q bench.Query) iter.Seq2[bench.Digest, error] {
		return s.recent.Digests(ctx, store, q)
	}}
}

// history sums up the digests if they are held in memory. Otherwise the store sums up.
func (f reader) history(ctx context.Context, q bench.Query, now time.Time) (report.History, error) {
	if f.held {
		return archive.HistoryBy(ctx, f.store, f.digests, q, now)
	}
	return archive.History(ctx, f.store, q, now)
}

// fewLooks is how many looks at the store in a row may be made for requests. Requests that come at the same moment
// share one. Beyond that, the store is looked at once a second for all requests together. So the cost does not grow
// with the requests, but with the changes of the store, and nearly all of many pages that open at once get one answer.
const fewLooks = 5

// look gives the view that a request is answered from: what the store has now, or had at most a second ago. ok is false
// while no view is held.
func (s *Server) look(ctx context.Context, store bench.Store) (v recent.View, ok bool) {
	if _, ok := s.recent.View(store); !ok { // the first read goes on: a request that needs all of it waits
		return v, false
	}
	if v, ok = s.shown.of(store); ok && s.looks.Tokens() < 1 {
		return v, true
	}
	if s.bring(ctx, store, false, s.looks.Allow) != nil {
		return v, false
	}
	return s.shown.of(store)
}

// Warm reads the data that the page shows first, before the first request.
func (s *Server) Warm(ctx context.Context) error {
	store, err := s.source.get()
	if err != nil {
		return err
	}
	return s.bring(ctx, store, false, nil)
}

// lookUnasked is how long after a look at the store the next one follows while nobody asks for anything.
const lookUnasked = 5 * time.Second

// KeepWarm has new runs read, once the page's data was, until ctx ends or stop is called, which waits. So whoever opens
// the page does not wait until all runs are read that came since somebody looked last.
func (s *Server) KeepWarm(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-time.After(lookUnasked):
			case <-ctx.Done():
				return
			}
			store := s.source.opened()
			if _, was := s.shown.of(store); was {
				_ = s.bring(ctx, store, false, nil) // the next request meets the same error and reports it
			}
		}
	}()
	return func() {
		cancel()
		<-ended
	}
}
