package hub

import (
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// How a hub uses Go's garbage collector. Nearly all memory of a hub with thousands of runners stays in use, so its heap
// grows by less between two collections. To answer a runner, NATS also uses 24 kB on a stack of the runner's
// connection, and each collection halves such a stack while most of it is unused.
const (
	slack      = 64 << 20 // bytes by which the heap may grow
	usualPart  = 100      // percent; Go's default, and the most
	leastPart  = 20       // percent; below it a plan takes too long to reach thousands of runners
	watchEvery = time.Second
)

// part is the GC percentage for so many bytes of heap and stacks in use. The heap grows by slack then, or by leastPart.
func part(inUse uint64) int {
	return int(min(max(100*slack/max(inUse, 1), leastPart), usualPart))
}

// collect sets the GC percentage by the memory in use until stop is called. A GOGC that the user has set stays.
func collect() (stop func()) {
	before := debug.SetGCPercent(usualPart)
	if before != usualPart {
		debug.SetGCPercent(before)
		return func() {}
	}
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(watchEvery)
		defer tick.Stop()
		for now := usualPart; ; {
			select {
			case <-end:
				return
			case <-tick.C:
			}
			if want := part(inUse()); want != now {
				debug.SetGCPercent(want)
				now = want
			}
		}
	}()
	return func() {
		close(end)
		<-ended
		debug.SetGCPercent(before)
	}
}

// inUse is how many bytes of heap were in use after the last collection, and how many all stacks have, together.
func inUse() uint64 {
	seen := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/memory/classes/heap/stacks:bytes"}}
	metrics.Read(seen)
	return seen[0].Value.Uint64() + seen[1].Value.Uint64()
}
