package hub

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// How a hub uses Go's garbage collector. Nearly all memory of a hub with thousands of runners stays in use, so the heap
// grows by slack between two collections, not by a part of its size.
const (
	slack      = 64 << 20 // bytes
	usualPart  = 100      // percent; Go's default, and the most
	leastPart  = 10       // percent
	watchEvery = 200 * time.Millisecond
)

// part is the GC percentage at which the heap grows by slack, if inUse bytes of heap and stacks are in use.
func part(inUse uint64) int {
	return int(min(max(100*slack/max(inUse, 1), leastPart), usualPart))
}

// collect sets the GC percentage by the memory in use until stop is called. A GOGC that the user has set stays.
//
// collect also starts a collection when the stacks have grown by slack. To answer a runner, NATS uses 24 kB on a stack
// of the runner's connection. Only a collection halves such a stack, and Go starts none because of stacks.
func collect() (stop func()) {
	before := debug.SetGCPercent(usualPart)
	mine := before == usualPart
	if !mine {
		debug.SetGCPercent(before)
	}
	end, ended := make(chan struct{}), make(chan struct{})
	_, least := inUse()
	go func() {
		defer close(ended)
		watchMemory(end, mine, least)
	}()
	return func() {
		close(end)
		<-ended
		debug.SetGCPercent(before)
	}
}

// inUse is how many bytes of heap were in use after the last collection, and how many bytes all stacks have.
func inUse() (live, stacks uint64) {
	seen := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/memory/classes/heap/stacks:bytes"}}
	metrics.Read(seen)
	return seen[0].Value.Uint64(), seen[1].Value.Uint64()
}

// watchMemory does the work of collect until end is closed. mine says that it may set the GC percentage. least is what
// the stacks need, as far as is known.
func watchMemory(end <-chan struct{}, mine bool, least uint64) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	now := usualPart
	for {
		select {
		case <-end:
			return
		case <-tick.C:
		}
		live, stacks := inUse()
		if want := part(live + stacks); mine && want != now {
			debug.SetGCPercent(want)
			now = want
		}
		if stacks > least+slack {
			runtime.GC()
			if _, after := inUse(); after+slack/8 > stacks { // they are in use
				least = after
			}
		}
		least = min(least, stacks)
	}
}
