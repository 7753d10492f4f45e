package recorder

import (
	"sync"
	"sync/atomic"
	"time"

	"rtcbench/bench"
)

// tellPatience is how long a listener may take, at the end, to hear what is left.
const tellPatience = time.Second

// Teller hands samples to a listener from a goroutine of its own, so that a terminal that does not take
// what is written to it stalls neither the grid nor the matching. A nil Teller tells nobody.
type Teller struct {
	on        func(bench.Sample)
	ready     chan struct{} // there is news
	over      chan struct{} // closed: there will be no more
	heard     chan struct{} // closed: on has heard everything
	abandoned atomic.Bool   // on is not to be called any more

	mu   sync.Mutex
	news []bench.Sample
}

// NewTeller starts a Teller; it is nil for a nil listener. Its owner calls Close.
func NewTeller(on func(bench.Sample)) *Teller {
	if on == nil {
		return nil
	}
	t := &Teller{on: on, ready: make(chan struct{}, 1), over: make(chan struct{}), heard: make(chan struct{})}
	go t.run()
	return t
}

// Tell queues a sample. It never blocks.
func (t *Teller) Tell(s bench.Sample) {
	if t == nil {
		return
	}
	t.mu.Lock()
	t.news = append(t.news, s)
	t.mu.Unlock()
	select {
	case t.ready <- struct{}{}:
	default:
	}
}

// Close returns when the listener has heard everything. A listener that blocks, as a terminal that was stopped does, is
// left behind after a second: the run is worth more. Tell must not be called after Close.
func (t *Teller) Close() {
	if t == nil {
		return
	}
	close(t.over)
	timer := time.NewTimer(tellPatience)
	defer timer.Stop()
	select {
	case <-t.heard:
	case <-timer.C:
		t.abandoned.Store(true)
	}
}

func (t *Teller) run() {
	defer close(t.heard)
	var told []bench.Sample
	for over := false; ; {
		t.mu.Lock()
		told, t.news = t.news, told[:0]
		t.mu.Unlock()
		for _, s := range told {
			if t.abandoned.Load() {
				return
			}
			t.on(s)
		}
		switch {
		case over && len(told) == 0:
			return
		case over:
			continue
		}
		select {
		case <-t.ready:
		case <-t.over:
			over = true
		}
	}
}
