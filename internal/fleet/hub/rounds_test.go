package hub

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
)

// TestRounds: who asks while a round goes on is served by a later one, all of them by the same, and all hear how it
// went.
func TestRounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r rounds
		var all sync.WaitGroup
		var wishes, granted, worked, failed atomic.Int64
		first := make(chan struct{})
		ask := func(work func() error) {
			mine := wishes.Add(1)
			if r.do(work) != nil {
				failed.Add(1)
			}
			if n := granted.Load(); n < mine {
				t.Errorf("wish %d was heard, and %d are granted", mine, n)
			}
		}
		all.Go(func() {
			ask(func() error { granted.Store(wishes.Load()); <-first; return nil })
		})
		synctest.Wait()
		for range 50 {
			all.Go(func() {
				ask(func() error { worked.Add(1); granted.Store(wishes.Load()); return errors.New("no") })
			})
		}
		synctest.Wait()
		close(first)
		all.Wait()
		if worked.Load() != 1 || failed.Load() != 50 {
			t.Errorf("50 who waited took %d rounds, and %d heard that it failed", worked.Load(), failed.Load())
		}
	})
}
