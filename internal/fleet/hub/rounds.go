package hub

import "sync"

// rounds shares work that takes long: callers that come during a round all wait for the next round, which serves them
// together.
type rounds struct {
	mu   sync.Mutex
	last *round // the newest round: under way, over, or still to begin
	next *round // a round that has not begun; nil = nobody waits for one
}

type round struct {
	over chan struct{}
	err  error
}

// do calls work in a round that begins after the call of do, and returns the error of that round.
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
