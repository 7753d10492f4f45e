package hub

import (
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// How a hub uses Go's garbage collector. Nearly all memory of a hub with thousands of runners stays in use, so its heap
// grows by less between two collections. To answer a runner, NATS also uses 24 kB on a stack of the runner's
// connection, and each collection halves such a stack while most of it is unused. A rush of runners leaves such stacks
// and garbage behind; when it is over, the hub collects until neither is left, and gives the memory back.
const (
	slack      = 64 << 20 // bytes by which the heap may grow
	usualPart  = 100      // percent; Go's default, and the most
	leastPart  = 20       // percent; below it a plan takes too long to reach thousands of runners
	watchEvery = time.Second

	rush  = 16 << 20 // bytes: a hub that allocates more in watchEvery has no time to give memory back
	worth = 8 << 20  // bytes, of garbage or of stacks, that are worth a collection
)

// part is the GC percentage for so many bytes of heap and stacks in use. The heap grows by slack then, or by leastPart.
func part(inUse uint64) int {
	return int(min(max(100*slack/max(inUse, 1), leastPart), usualPart))
}

// memory is what the runtime says of the memory of this process, in bytes.
type memory struct {
	live      uint64 // heap in use after the last collection
	garbage   uint64 // what may have become garbage since then
	stacks    uint64
	allocated uint64 // so far, whatever became of it
}

func memoryNow() memory {
	seen := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/memory/classes/heap/stacks:bytes"}, {Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(seen)
	m := memory{live: seen[0].Value.Uint64(), stacks: seen[2].Value.Uint64(), allocated: seen[3].Value.Uint64()}
	m.garbage = seen[1].Value.Uint64() - min(m.live, seen[1].Value.Uint64())
	return m
}

func (m memory) inUse() uint64 { return m.live + m.stacks }

// rest says when a hub has time to give memory back.
type rest struct {
	allocated uint64 // until the last look
	floor     uint64 // stacks that no collection makes smaller; 0 = nobody knows yet
}

// due reports whether a collection is worth its while, and nothing else is to be done.
func (r *rest) due(m memory) bool {
	calm := m.allocated-r.allocated < rush
	r.allocated = m.allocated
	return calm && (m.garbage >= max(worth, m.inUse()/10) || m.stacks >= r.floor+worth)
}

// done notes what a collection came to.
func (r *rest) done(before, after memory) {
	if r.floor = 0; after.stacks+worth > before.stacks {
		r.floor = after.stacks
	}
}

// collect sets the GC percentage by the memory in use, and gives memory back after a rush, until stop is called. A GOGC
// that the user has set stays, and then nothing else is done either.
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
		var r rest
		for now := usualPart; ; {
			select {
			case <-end:
				return
			case <-tick.C:
			}
			m := memoryNow()
			if r.due(m) {
				debug.FreeOSMemory()
				r.done(m, memoryNow())
			}
			if want := part(m.inUse()); want != now {
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
