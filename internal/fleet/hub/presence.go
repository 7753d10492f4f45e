package hub

import (
	"sync"
	"time"

	"rtcbench/internal/fleet"
)

// presence is the last report of each runner. It is kept in memory alone: after a start, no runner has been heard yet.
type presence struct {
	mu    sync.Mutex
	heard map[string]Heard // by name
}

// Heard is the last Hello of a place.
type Heard struct {
	At    time.Time   `json:"at"` // by the hub's clock
	Hello fleet.Hello `json:"hello"`
}

func newPresence() *presence { return &presence{heard: map[string]Heard{}} }

func (p *presence) note(name string, h Heard) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.heard[name] = h
}

func (p *presence) of(name string) (Heard, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	h, ok := p.heard[name]
	return h, ok
}

func (p *presence) forget(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.heard, name)
}
