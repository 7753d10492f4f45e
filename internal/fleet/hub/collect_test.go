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
