package hub

import (
	"context"
	"testing"

	"rtcbench/bench"
	"rtcbench/internal/outbox"
)

// openStore is a store that says when it is closed.
type openStore struct {
	bench.Store
	closed bool
}

func (s *openStore) Close() error { s.closed = true; return nil }

// TestAStoreThatOpensAtTheEnd: a store that was opened while the hub ended is closed with the others.
func TestAStoreThatOpensAtTheEnd(t *testing.T) {
	ctx, end := context.WithCancel(t.Context())
	defer end()
	var s openStore
	h := &Hub{options: Options{Stores: []outbox.Target{{Name: "x", Open: func(context.Context) (bench.Store, error) {
		end()
		return &s, nil
	}}}}}
	k := &keeper{hub: h, stores: make([]bench.Store, 1), failed: make([]error, 1)}
	k.open(ctx)
	k.close()
	if !s.closed {
		t.Error("it stays open")
	}
}
