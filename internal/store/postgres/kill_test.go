package postgres

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"sync"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/postgrestest"
)

// TestServerThatIsKilled: the server goes down in the middle of saves, again and again. What it has accepted is there
// when it is back, once, with its sums; what it has not is no run that it refused; and the same store goes on.
func TestServerThatIsKilled(t *testing.T) {
	kills := 5
	if os.Getenv("RTCBENCH_LONG") != "" {
		kills = 50
	}
	own, err := postgrestest.New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(own.Close)
	s := opened(t, own.URL("postgres"))
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	rng := rand.New(rand.NewPCG(3, uint64(time.Now().UnixNano())))
	accepted, offered := map[string]bool{}, map[string]bool{}
	for range kills {
		var mu sync.Mutex
		var g sync.WaitGroup
		down := make(chan struct{})
		one := make(chan struct{}, 1)
		for range 3 {
			g.Go(func() {
				for {
					r := benchtest.StoredRun(20, time.Now())
					err := s.Save(ctx, bench.NewRecord(r))
					mu.Lock()
					offered[r.ID], accepted[r.ID] = true, err == nil
					mu.Unlock()
					if errors.Is(err, bench.ErrRejected) {
						t.Error(err)
					}
					select {
					case one <- struct{}{}:
					default:
					}
					select {
					case <-down:
						return
					default:
					}
				}
			})
		}
		<-one
		time.AfterFunc(time.Duration(rng.IntN(60))*time.Millisecond, func() {
			own.Kill()
			close(down)
		})
		g.Wait()
		if err := own.Again(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Save(ctx, bench.NewRecord(benchtest.StoredRun(5, time.Now().Add(time.Hour)))); err != nil {
		t.Errorf("after all of it: %v", err)
	}
	seen := map[string]bool{}
	for r, err := range s.Runs(ctx, bench.Query{Samples: true, Until: time.Now()}) {
		if err != nil {
			t.Fatal(err)
		}
		if seen[r.ID] || !offered[r.ID] || len(r.Samples) == 0 {
			t.Errorf("run %s is there twice, or was never offered, or lacks its samples", r.ID)
		}
		seen[r.ID] = true
	}
	n := 0
	for id, was := range accepted {
		if was && !seen[id] {
			t.Errorf("run %s was accepted and is lost", id)
		}
		if was {
			n++
		}
	}
	if err := s.Check(ctx); err != nil {
		t.Error(err)
	}
	t.Logf("%d kills, %d runs accepted, %d there", kills, n, len(seen))
}
