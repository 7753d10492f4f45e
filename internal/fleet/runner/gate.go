package runner

import (
	"context"
	"errors"
	"sync"
	"time"
)

// gate keeps deliveries and measurements apart: a delivery would use the network and the processor that are being
// measured.
type gate struct {
	free func() // is called when the last of the measurements under way has ended; nil = nobody waits for that

	mu   sync.Mutex
	busy int
	from time.Time               // beginning of the measurements under way
	stop context.CancelCauseFunc // ends the delivery under way; nil = there is none
	done chan struct{}           // closed when that delivery has ended
}

var errMeasures = errors.New("a measurement begins")

// measure ends the delivery under way and waits for its end. No other begins before end is called.
func (g *gate) measure() (end func()) {
	g.mu.Lock()
	if g.busy++; g.busy == 1 {
		g.from = time.Now()
	}
	stop, done := g.stop, g.done
	g.mu.Unlock()
	if stop != nil {
		stop(errMeasures)
		<-done
	}
	return func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		if g.busy--; g.busy == 0 && g.free != nil {
			g.free()
		}
	}
}

// deliver calls do, unless a measurement or another delivery is under way. The context of do ends when a measurement
// begins.
func (g *gate) deliver(ctx context.Context, do func(context.Context)) {
	g.mu.Lock()
	if g.busy > 0 || g.stop != nil {
		g.mu.Unlock()
		return
	}
	ctx, g.stop = context.WithCancelCause(ctx)
	g.done = make(chan struct{})
	g.mu.Unlock()
	do(ctx)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.stop(nil)
	g.stop = nil
	close(g.done)
}

// since is when the measurements under way began; the zero time = there are none.
func (g *gate) since() time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.busy == 0 {
		return time.Time{}
	}
	return g.from
}

// measures reports whether a measurement is under way.
func (g *gate) measures() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.busy > 0
}
