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

// source is the store that is read. It may not be there yet, and then it is opened as soon as it is.
type source struct {
	open func() (bench.Store, error)

	mu    sync.Mutex
	store bench.Store
}

// get gives the store, or one without runs while there is none.
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

// absent is a store that nobody has made yet.
type absent struct{ file string }

func (absent) Save(context.Context, bench.Record) error { return bench.ErrRejected }
func (absent) Close() error                             { return nil }
func (a absent) String() string                         { return a.file }
func (absent) Runs(context.Context, bench.Query) iter.Seq2[bench.Run, error] {
	return func(func(bench.Run, error) bool) {}
}

// reader is what an answer is made from.
type reader struct {
	store   bench.Store
	digests archive.Digester // of the last day from memory
	held    bool             // they are those of one moment, and nothing has to be read before they are there
}

// reading is what answers from a store.
type reading func(w http.ResponseWriter, r *http.Request, from reader)

// whole is a store as it is when its digests are wanted.
func (s *Server) whole(store bench.Store) reader {
	return reader{store, func(ctx context.Context, q bench.Query) iter.Seq2[bench.Digest, error] {
		return s.recent.Digests(ctx, store, q)
	}, false}
}

// history sums up by the digests that are held; while there are none, the store sums up.
func (f reader) history(ctx context.Context, q bench.Query, now time.Time) (report.History, error) {
	if f.held {
		return archive.HistoryBy(ctx, f.store, f.digests, q, now)
	}
	return archive.History(ctx, f.store, q, now)
}

// fewLooks is how often in a row whoever asks has the store looked at. Where more is asked than that, the store is
// looked at once a second for all of them together: what an answer costs is not what is asked, but what has changed.
const fewLooks = 50

// look gives what whoever asks now is shown: what the store has, or had a second ago at the most. It is not ok while
// nothing is held.
func (s *Server) look(ctx context.Context, store bench.Store) (v recent.View, ok bool) {
	if _, ok := s.recent.View(store); !ok { // it is being read, and who needs all of that waits for it
		return v, false
	}
	if v, ok = s.shown.of(store); ok && !s.looks.Allow() {
		return v, true
	}
	if s.bring(ctx, store, false) != nil {
		return v, false
	}
	return s.shown.of(store)
}

// Warm reads what the page shows first, before somebody asks.
func (s *Server) Warm(ctx context.Context) error {
	store, err := s.source.get()
	if err != nil {
		return err
	}
	return s.bring(ctx, store, false)
}
