package keep

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

// picky keeps many runs in one step, refuses one for ever, or is away.
type picky struct {
	bench.Store
	refuses string
	away    error
	kept    []string
	asked   int
}

func (p *picky) SaveAll(_ context.Context, runs []bench.Record) (int, error) {
	p.asked++
	for _, r := range runs {
		if r.ID == p.refuses {
			return 0, bench.ErrRejected
		}
	}
	if p.away != nil {
		return 0, p.away
	}
	for _, r := range runs {
		p.kept = append(p.kept, r.ID)
	}
	return len(runs), nil
}

// TestARunThatIsRefused: importing a year of runs, of which one is too old for the store, brings the others.
func TestARunThatIsRefused(t *testing.T) {
	var runs []bench.Record
	for range 3 {
		runs = append(runs, bench.NewRecord(benchtest.StoredRun(2, time.Now())))
	}
	p := &picky{refuses: runs[1].ID}
	fresh, refused, err := saveAll(t.Context(), p, runs)
	if err != nil || fresh != 2 || len(refused) != 1 || refused[1] == nil ||
		!slices.Equal(p.kept, []string{runs[0].ID, runs[2].ID}) {
		t.Errorf("%d fresh, refused %v, kept %v, %v", fresh, refused, p.kept, err)
	}
	p = &picky{away: errors.New("disk full")}
	if _, _, err := saveAll(t.Context(), p, runs); err == nil || p.asked != 1 {
		t.Errorf("a store that is away was asked %d times, %v", p.asked, err)
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
