package hub

import (
	"runtime/debug"
	"testing"
)

// TestTheHeapGrowsBySlack: a small hub collects as seldom as any Go program, and a large one grows little.
func TestTheHeapGrowsBySlack(t *testing.T) {
	for inUse, want := range map[uint64]int{0: 100, 10 << 20: 100, 64 << 20: 100, 128 << 20: 50, 512 << 20: 20,
		8 << 30: 20} {
		if got := part(inUse); got != want {
			t.Errorf("%d bytes in use: the heap grows by %d %%, want %d", inUse, got, want)
		}
	}
}

// TestTheUsersCollectorStays where GOGC says how the heap grows.
func TestTheUsersCollectorStays(t *testing.T) {
	before := debug.SetGCPercent(70)
	defer debug.SetGCPercent(before)
	stop := collect()
	if got := debug.SetGCPercent(70); got != 70 {
		t.Errorf("a hub set GOGC=70 to %d", got)
	}
	stop()
	if got := debug.SetGCPercent(70); got != 70 {
		t.Errorf("a hub that ended left GOGC=%d, and not 70", got)
	}
}

// TestMemoryIsGivenBackAfterARush: not while it goes on, then until no collection makes the stacks smaller, and again
// after the next one.
func TestMemoryIsGivenBackAfterARush(t *testing.T) {
	const mb = 1 << 20
	var r rest
	for i, x := range []struct {
		m    memory
		due  bool
		then uint64 // stacks after the collection
	}{
		{memory{live: 20 * mb, garbage: 5 * mb, stacks: 2 * mb, allocated: 12 * mb}, false, 0}, // a small hub
		{memory{live: 300 * mb, garbage: 60 * mb, stacks: 400 * mb, allocated: 500 * mb}, false, 0},
		{memory{live: 300 * mb, garbage: 61 * mb, stacks: 400 * mb, allocated: 501 * mb}, true, 300 * mb},
		{memory{live: 310 * mb, garbage: mb, stacks: 300 * mb, allocated: 502 * mb}, true, 200 * mb},
		{memory{live: 310 * mb, garbage: mb, stacks: 200 * mb, allocated: 503 * mb}, true, 199 * mb},
		{memory{live: 310 * mb, garbage: mb, stacks: 199 * mb, allocated: 504 * mb}, false, 0},
		{memory{live: 310 * mb, garbage: 40 * mb, stacks: 202 * mb, allocated: 514 * mb}, false, 0}, // hellos
		{memory{live: 310 * mb, garbage: 52 * mb, stacks: 203 * mb, allocated: 524 * mb}, true, 200 * mb},
		{memory{live: 310 * mb, garbage: mb, stacks: 420 * mb, allocated: 534 * mb}, true, 300 * mb}, // answers to all
		{memory{live: 310 * mb, garbage: mb, stacks: 300 * mb, allocated: 535 * mb}, true, 294 * mb},
		{memory{live: 310 * mb, garbage: mb, stacks: 294 * mb, allocated: 536 * mb}, false, 0},
	} {
		if due := r.due(x.m); due != x.due {
			t.Errorf("%d: a collection is due: %v", i, due)
		}
		if x.due {
			after := x.m
			after.stacks = x.then
			r.done(x.m, after)
		}
	}
}

// TestTheRuntimeTells what the collector goes by.
func TestTheRuntimeTells(t *testing.T) {
	debug.FreeOSMemory()
	before := memoryNow()
	kept := make([]byte, 32<<20)
	after := memoryNow()
	if after.garbage < before.garbage+16<<20 || after.allocated < before.allocated+32<<20 || after.stacks == 0 ||
		after.live == 0 || after.inUse() != after.live+after.stacks {
		t.Errorf("%+v, with %d bytes more %+v", before, len(kept), after)
	}
}
