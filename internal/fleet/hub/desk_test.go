package hub

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/fleet"
)

// TestManyWaitForSeats: while many wait, whoever has no seats is given those of an hour, and the rest of the day when
// it asks for that. Who waited for too long is not answered.
func TestManyWaitForSeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &Hub{living: t.Context(), leasing: desk{served: make(chan struct{}, 1)}}
		order := Order{Job: fleet.Job{Name: "all", Echo: fleet.EchoLocal}, Lease: &bench.Leases{
			Make: func(context.Context, bench.Place, bench.LeaseOf) (map[bench.Role]bench.Seat, error) {
				return map[bench.Role]bench.Seat{}, nil
			}}}
		h.issued.plan = fleet.Plan{Serial: 7, Every: 5 * time.Minute, Jobs: []fleet.Job{order.Job}}
		h.issued.orders = map[string]Order{"all": order}
		const waiting, day, hour = crowded + 10, 24 * 12, 12
		serve := func(from time.Time, after time.Duration) map[int]int {
			var mu sync.Mutex
			sizes := map[int]int{} // how many were given so many seats; -1 = were not answered
			var all sync.WaitGroup
			for range waiting {
				all.Go(func() {
					got, inTime := h.leaseInTurn(fleet.Place{Name: "a"}, fleet.SeatsWanted{Serial: 7, From: from},
						time.Now())
					mu.Lock()
					defer mu.Unlock()
					if sizes[len(got.Seats)]++; !inTime {
						sizes[-1]++
					}
				})
			}
			synctest.Wait() // all of them wait
			time.Sleep(after)
			<-h.leasing.served
			all.Wait()
			h.leasing.served <- struct{}{}
			return sizes
		}
		h.leasing.served <- struct{}{} // somebody is served
		now := h.issued.plan.Slot(time.Now())
		if got := serve(now, 0); got[hour] != 10 || got[day] != crowded {
			t.Errorf("who has none: %v, want %d times %d seats, and %d times %d", got, 10, hour, crowded, day)
		}
		if got := serve(now.Add(time.Hour), 0); got[day-hour] != waiting {
			t.Errorf("who has those of an hour: %v, want %d times %d", got, waiting, day-hour)
		}
		if got := serve(now, fleet.AskTimeout); got[-1] != waiting {
			t.Errorf("whose time is over: %v, want %d without an answer", got, waiting)
		}
	})
}
