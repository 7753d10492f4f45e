package hub

import (
	"io"
	"sync"
)

// lines are the open WebSocket connections. The hub ends them and waits for their goroutines: an HTTP server forgets
// connections that were upgraded.
type lines struct {
	mu     sync.Mutex
	open   map[io.Closer]struct{}
	closed bool
	done   sync.WaitGroup
}

// add notes a connection until done is called. ok is false when the hub takes no connection any more.
func (l *lines) add(c io.Closer) (done func(), ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, false
	}
	if l.open == nil {
		l.open = map[io.Closer]struct{}{}
	}
	l.open[c] = struct{}{}
	l.done.Add(1)
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.open, c)
		l.done.Done()
	}, true
}

// close ends all connections and waits for their goroutines.
func (l *lines) close() {
	l.mu.Lock()
	l.closed = true
	for c := range l.open {
		c.Close()
	}
	l.mu.Unlock()
	l.done.Wait()
}
