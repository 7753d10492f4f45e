package runner

import (
	"context"
	"errors"
	"sync"
	"time"
)

// gate keeps deliveries and measurements apart: a delivery would use the network and the processor that are being
// measured. A place that others measure all the time would never deliver: it does so beside them once its own runs have
// waited for longestHeld. It never does so beside a measurement of its own.
type gate struct {
	free func() // is called when the last of the measurements under way has ended; nil = nobody waits for that

	mu          sync.Mutex
	own, others int                     // measurements under way: of this place, and of others that it answers
	from        time.Time               // beginning of the measurements under way
	held        time.Time               // the first delivery that did not come to its end since one did; zero = none
	stop        context.CancelCauseFunc // ends the delivery under way; nil = there is none
	done        chan struct{}           // closed when that delivery has ended
}

// longestHeld is how long the measurements of other places hold up deliveries.
const longestHeld = 2 * time.Minute

var errMeasures = errors.New("a measurement begins")

// measure ends the delivery under way and waits for its end. No other begins before end is called.
func (g *gate) measure() (end func()) { return g.begin(&g.own) }

// answer does the same for another place that measures, as long as no delivery has waited for longestHeld.
func (g *gate) answer() (end func()) { return g.begin(&g.others) }

func (g *gate) begin(which *int) (end func()) {
	g.mu.Lock()
	if *which++; g.own+g.others == 1 {
		g.from = time.Now()
	}
	stop, done := g.stop, g.done
	if g.own == 0 && g.overdue() {
		stop = nil
	}
	g.mu.Unlock()
	if stop != nil {
		stop(errMeasures)
		<-done
	}
	return func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		if *which--; g.own+g.others == 0 && g.free != nil {
			g.free()
		}
	}
}

// overdue reports whether a delivery has waited for as long as it may wait for others. The caller holds mu.
func (g *gate) overdue() bool { return !g.held.IsZero() && time.Since(g.held) >= longestHeld }

// deliver calls do, unless a measurement or another delivery is under way. The context of do ends when a measurement
// begins.
func (g *gate) deliver(ctx context.Context, do func(context.Context)) {
	g.mu.Lock()
	if g.held.IsZero() {
		g.held = time.Now()
	}
	if g.own > 0 || g.others > 0 && !g.overdue() || g.stop != nil {
		g.mu.Unlock()
		return
	}
	ctx, g.stop = context.WithCancelCause(ctx)
	g.done = make(chan struct{})
	g.mu.Unlock()
	do(ctx)
	g.mu.Lock()
	defer g.mu.Unlock()
	if ctx.Err() == nil {
		g.held = time.Time{}
	}
	g.stop(nil)
	g.stop = nil
	close(g.done)
}

// since is when the measurements under way began; the zero time = there are none.
func (g *gate) since() time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.own+g.others == 0 {
		return time.Time{}
	}
	return g.from
}

// measures reports whether a measurement is under way.
func (g *gate) measures() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.own+g.others > 0
}
