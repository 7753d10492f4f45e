package dashboard

import (
	"context"
	"errors"
	"iter"
	"sync"

	"rtcbench/bench"
	"rtcbench/internal/archive"
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

// digests are those of a store, of the last day from memory.
func (s *Server) digests(store bench.Store) archive.Digester {
	return func(ctx context.Context, q bench.Query) iter.Seq2[bench.Digest, error] {
		return s.recent.Digests(ctx, store, q)
	}
}

// Warm reads what the page shows first, before somebody asks.
func (s *Server) Warm(ctx context.Context) error {
	store, err := s.source.get()
	if err != nil {
		return err
	}
	return s.recent.Look(ctx, store)
}
