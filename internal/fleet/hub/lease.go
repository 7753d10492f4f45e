package hub

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/fleet"
)

// The times around a slot in which its seats are valid: the clocks of hub and platform may differ, and a job may begin
// late.
const (
	seatEarly = time.Minute
	seatLate  = 10 * time.Minute
)

// makeFor is how long one answer with seats may take while rooms are made. Seats of later rooms come with the next
// answer.
const makeFor = 8 * time.Second

// errMore means that there was no time to make a room. Nothing is wrong.
var errMore = errors.New("the rooms are still being made")

// lease makes the seats of a place, for the slots from want.From to a day ahead. If a room could not be made, To of the
// answer is the first slot without its seats.
func (h *Hub) lease(ctx context.Context, place fleet.Place, want fleet.SeatsWanted, now time.Time) fleet.SeatsLeased {
	h.issued.mu.Lock()
	plan, orders := h.issued.plan, h.issued.orders
	h.issued.mu.Unlock()
	if plan.Serial != want.Serial || plan.Serial == 0 {
		return fleet.SeatsLeased{Error: "the hub has another plan now", Serial: plan.Serial}
	}
	making, cancel := context.WithTimeout(ctx, makeFor)
	defer cancel()
	got := fleet.SeatsLeased{Seats: []fleet.Seat{}, Serial: plan.Serial}
	slot := plan.Slot(now)
	if from := plan.Slot(want.From); from.After(slot) {
		slot = from
	}
	jobs := plan.For(place)
	wanted := func() (n int) {
		for _, j := range jobs {
			n += 1 + len(plan.Callers(j, place.Name, slot))
		}
		return n
	}
	var first time.Time           // first slot that lacks a seat
	missing := map[string]error{} // by job: why a room is not made
	end := now.Add(plan.Ahead())
	if most := int64(want.Slots); most > 0 && most < int64(plan.Ahead()/plan.Every) {
		end = slot.Add(time.Duration(most) * plan.Every)
	}
	for ; slot.Before(end) && len(got.Seats)+wanted() <= fleet.MaxSeats; slot = slot.Add(plan.Every) {
		for _, j := range jobs {
			if ctx.Err() != nil {
				return got
			}
			order, known := orders[j.Name]
			if !known {
				got.Error = fmt.Sprintf("job %s: this hub has no configuration for it", j.Name)
				continue
			}
			if missing[j.Name] != nil {
				continue
			}
			list, err := h.seats(making, order, plan, place.Name, slot, false)
			got.Seats = append(got.Seats, list...)
			switch {
			case err == nil:
				continue
			case making.Err() != nil:
				err = errMore
			default:
				got.Error = fmt.Sprintf("job %s: %v", j.Name, err)
			}
			if order.hosted() { // the next request tries again
				missing[j.Name] = err
				if first.IsZero() {
					first = slot
				}
			}
		}
		got.To = slot.Add(plan.Every)
	}
	if !first.IsZero() {
		got.To = first
	}
	return got
}

// among are the places that take part in a job whose pings other places answer, in the order of their turns.
func (o Order) among(members []fleet.Member) (names []string) {
	if o.Echo == fleet.EchoLocal {
		return nil
	}
	for _, m := range members {
		if m.Revoked.IsZero() && !m.Paused && o.Where.Has(m.Place) && !o.Answers(m.Name) {
			names = append(names, m.Name)
		}
	}
	return names
}

// seats are the seats of a place in one slot of a job: to measure, and to answer other places. now says that slot is
// this moment and no slot of the plan.
func (h *Hub) seats(ctx context.Context, o Order, plan fleet.Plan, name string, slot time.Time, now bool) (
	list []fleet.Seat, err error) {
	if at, measures := plan.Turn(o.Job, name, slot); measures {
		s, err := h.seat(ctx, o, plan, name, slot, now)
		if err != nil {
			return nil, err
		}
		if at != "" {
			s.At, s.Answerer = at, bench.Seat{Identity: s.Answerer.Identity}
		}
		list = append(list, s)
	}
	for _, caller := range plan.Callers(o.Job, name, slot) {
		s, err := h.seat(ctx, o, plan, caller, slot, now)
		if err != nil {
			return list, err
		}
		s.For, s.Runner = caller, bench.Seat{Identity: s.Runner.Identity}
		list = append(list, s)
	}
	return list, nil
}

// seat makes the seat in which a place measures one job in one slot.
func (h *Hub) seat(ctx context.Context, o Order, plan fleet.Plan, name string, slot time.Time, now bool) (
	seat fleet.Seat, err error) {
	of, err := o.leaseOf(plan, name, slot)
	if err != nil {
		return seat, err
	}
	var made map[bench.Role]bench.Seat
	if o.hosted() {
		made, err = h.rooms.seats(ctx, o, &room{Name: of.Room, Job: o.Name, Place: name, Slot: slot, Until: of.Until,
			Now: now}, of)
	} else {
		made, err = o.Lease.Make(ctx, o.Place, of)
	}
	return fleet.Seat{Job: o.Name, Slot: slot, Runner: made[bench.Runner], Answerer: made[bench.Answerer]}, err
}

// leaseOf describes the seats of a place in a slot: room, identities, and how long the seats are valid.
func (o Order) leaseOf(plan fleet.Plan, name string, slot time.Time) (of bench.LeaseOf, err error) {
	if o.Lease == nil {
		return of, errors.New("nobody can lease seats of its platform")
	}
	job := sha256.Sum256([]byte(o.Name))
	who := func(role bench.Role) string {
		return fmt.Sprintf("rtcbench-%s-%s-%x-%d", role, name, job[:4], slot.Unix())
	}
	return bench.LeaseOf{Room: o.roomOf(plan, name, slot), Class: o.Class,
		Identity: map[bench.Role]string{bench.Runner: who(bench.Runner), bench.Answerer: who(bench.Answerer)},
		From:     slot.Add(-seatEarly), Until: slot.Add(plan.Every + o.Longest + seatLate)}, nil
}
