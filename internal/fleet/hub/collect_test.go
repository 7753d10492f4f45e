package hub

import (
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"testing"
	"time"
)

// TestTheHeapGrowsBySlack: a small hub collects as seldom as any Go program, and a large one grows little.
func TestTheHeapGrowsBySlack(t *testing.T) {
	for inUse, want := range map[uint64]int{0: 100, 10 << 20: 100, 64 << 20: 100, 128 << 20: 50, 512 << 20: 12,
		8 << 30: 10} {
		if got := part(inUse); got != want {
			t.Errorf("%d bytes in use: the heap grows by %d %%, want %d", inUse, got, want)
		}
	}
}

// TestLargeStacksAreGivenBack though nothing is allocated: each answer of NATS makes a stack large.
func TestLargeStacksAreGivenBack(t *testing.T) {
	defer collect()()
	const runners = 4096
	var answered, over sync.WaitGroup
	end := make(chan struct{})
	defer over.Wait()
	defer close(end)
	answered.Add(runners)
	for range runners {
		over.Go(func() {
			respond(1 << 10)
			answered.Done()
			<-end
		})
	}
	answered.Wait()
	seen := []metrics.Sample{{Name: "/memory/classes/heap/stacks:bytes"}}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		metrics.Read(seen)
		if stacks := seen[0].Value.Uint64(); stacks < slack+runners*16<<10/2 {
			return
		} else if time.Now().After(deadline) {
			t.Fatalf("%d goroutines that wait have %d MB of stacks after a minute", runners, stacks>>20)
		}
	}
}

// respond needs 24 kB of stack, as the writing of an answer in NATS does.
//
//go:noinline
func respond(n int) (sum byte) {
	var pieces [1 << 10][]byte
	for i := range n {
		pieces[i] = make([]byte, 1)
	}
	for _, p := range pieces[:n] {
		sum += p[0]
	}
	return sum
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
