package cli

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
)

// picky is a store that refuses a run, or is away.
type picky struct {
	bench.Store
	refuses string
	away    error
	kept    []string
}

func (p *picky) Save(_ context.Context, r bench.Run) error {
	if r.ID == p.refuses {
		return bench.ErrRejected
	}
	p.kept = append(p.kept, r.ID)
	return p.away
}

// batches is a store that saves all or none.
type batches struct{ *picky }

func (b batches) SaveAll(ctx context.Context, runs []bench.Run) (int, error) {
	for _, r := range runs {
		if r.ID == b.refuses {
			return 0, bench.ErrRejected
		}
	}
	return len(runs), errors.New("not reached")
}

// TestARunThatIsRefused: importing a year of runs, of which one is too old for the store, brings the others.
func TestARunThatIsRefused(t *testing.T) {
	var runs []bench.Run
	for range 3 {
		runs = append(runs, benchtest.StoredRun(2, time.Now()))
	}
	for what, store := range map[string]func(*picky) bench.Store{
		"one by one": func(p *picky) bench.Store { return p }, "all or none": func(p *picky) bench.Store { return batches{p} },
	} {
		p := &picky{refuses: runs[1].ID}
		refused, err := saveAll(t.Context(), store(p), runs)
		if err != nil || len(refused) != 1 || refused[0].id != runs[1].ID || !slices.Equal(p.kept, []string{runs[0].ID, runs[2].ID}) {
			t.Errorf("%s: refused %v, kept %v, %v", what, refused, p.kept, err)
		}
	}
	p := &picky{away: errors.New("connection refused")}
	if _, err := saveAll(t.Context(), p, runs); err == nil || len(p.kept) != 1 {
		t.Errorf("a store that is away was asked %d times, %v", len(p.kept), err)
	}
}

// TestDeliveryTime: a function that has 20 s left until it should answer does not spend 40 on a store that hangs.
func TestDeliveryTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		if d := deliveryTime(ctx); d != 20*time.Second+leavingTimeout {
			t.Errorf("with 20 s left: %v", d)
		}
		time.Sleep(20 * time.Second) // of the bubble's clock
		synctest.Wait()
		if d := deliveryTime(ctx); d != leavingTimeout {
			t.Errorf("with none left: %v", d)
		}
		if d := deliveryTime(t.Context()); d != deliveryTimeout {
			t.Errorf("on a command line: %v", d)
		}
	})
}
