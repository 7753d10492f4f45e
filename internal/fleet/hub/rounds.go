package hub

import "sync"

// rounds is work that takes long and that one does for many: whoever asks while it goes on waits for the next round,
// together with all others who do.
type rounds struct {
	mu   sync.Mutex
	last *round // that was begun, or will be
	next *round // that will be; nil = nobody waits for one
}

type round struct {
	over chan struct{}
	err  error
}

// do has work done in a round that begins after do was called.
func (r *rounds) do(work func() error) error {
	r.mu.Lock()
	if one := r.next; one != nil {
		r.mu.Unlock()
		<-one.over
		return one.err
	}
	one, before := &round{over: make(chan struct{})}, r.last
	r.last, r.next = one, one
	r.mu.Unlock()
	defer close(one.over)
	if before != nil {
		<-before.over
	}
	r.mu.Lock()
	r.next = nil
	r.mu.Unlock()
	one.err = work()
	return one.err
}
