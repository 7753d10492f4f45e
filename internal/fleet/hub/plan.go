package hub

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/fleet"
)

// Orders are what the fleet is to do, with what only the hub may know.
type Orders struct {
	Every, Jitter time.Duration
	Jobs          []Order
}

// Order is a job and where it meets, with the key that makes its seats.
type Order struct {
	fleet.Job
	Place bench.Place
	Lease bench.Lease
	Class bench.TransportClass // what carries its messages
}

// lasts is how long a plan is good for, where nothing newer comes. It is issued anew when half of that is over.
const lasts = 30 * 24 * time.Hour

// issued is the plan of now.
type issued struct {
	mu     sync.Mutex
	orders map[string]Order // by job
	plan   fleet.Plan
	signed fleet.Signed
	digest string
	last   Orders
}

// planFile is what a hub remembers of its plan.
type planFile struct {
	Digest string       `json:"digest"` // of what it says, its serial and its times aside
	Signed fleet.Signed `json:"signed"`
}

// planPath is where the plan lies.
func (h *Hub) planPath() string { return filepath.Join(h.options.Dir, "plan.json") }

// Order makes the orders those of the fleet, and tells all runners. The plan keeps its serial where it says what it
// said before.
func (h *Hub) Order(o Orders) (fleet.Plan, error) {
	now := time.Now().UTC()
	p := fleet.Plan{Protocol: fleet.Protocol, Every: o.Every, Jitter: o.Jitter, Jobs: []fleet.Job{}}
	orders := map[string]Order{}
	for _, j := range o.Jobs {
		p.Jobs = append(p.Jobs, j.Job)
		orders[j.Name] = j
	}
	data, err := json.Marshal(p)
	if err != nil {
		return p, err
	}
	sum := sha256.Sum256(data)
	digest := hex.EncodeToString(sum[:])
	h.issued.mu.Lock()
	defer h.issued.mu.Unlock()
	last, lastDigest, err := h.lastPlan()
	if err != nil {
		return p, err
	}
	h.issued.orders, h.issued.last = orders, o
	if digest == lastDigest && last.plan.NotAfter.Sub(now) > lasts/2 {
		h.issued.plan, h.issued.signed, h.issued.digest = last.plan, last.signed, digest
		return last.plan, nil
	}
	// A hub whose folder comes from a backup goes on from the time of day: runners refuse a lower serial.
	p.Serial = max(last.plan.Serial+1, uint64(now.Unix()))
	p.Issued, p.NotAfter = now, now.Add(lasts)
	signed, err := p.Sign(h.keys.plan)
	if err != nil {
		return p, err
	}
	if err := writeOne(h.planPath(), planFile{digest, signed}); err != nil {
		return p, fmt.Errorf("keep the plan: %w", err)
	}
	h.issued.plan, h.issued.signed, h.issued.digest = p, signed, digest
	h.options.Log.Info("a plan", "serial", p.Serial, "jobs", len(p.Jobs), "every", p.Every)
	told, err := json.Marshal(fleet.Told{Serial: p.Serial})
	if err == nil {
		err = h.nc.Publish(fleet.TellAll, told)
	}
	return p, err
}

// keptPlan is a plan as it was kept.
type keptPlan struct {
	plan   fleet.Plan
	signed fleet.Signed
}

// lastPlan is the plan that was issued last, in this process or before.
func (h *Hub) lastPlan() (k keptPlan, digest string, err error) {
	if h.issued.plan.Serial > 0 {
		return keptPlan{h.issued.plan, h.issued.signed}, h.issued.digest, nil
	}
	data, err := os.ReadFile(h.planPath())
	if errors.Is(err, os.ErrNotExist) {
		return k, "", nil
	}
	var f planFile
	if err == nil {
		err = json.Unmarshal(data, &f)
	}
	if err == nil {
		k.signed = f.Signed
		k.plan, err = f.Signed.Open(h.keys.planKey(), 0)
	}
	if err != nil {
		return k, "", fmt.Errorf("read the plan before, %s: %w", h.planPath(), err)
	}
	return k, f.Digest, nil
}

// current is the plan of now; its serial is 0 where there is none.
func (h *Hub) current() (fleet.Plan, fleet.Signed) {
	h.issued.mu.Lock()
	defer h.issued.mu.Unlock()
	return h.issued.plan, h.issued.signed
}

// The times around a slot for which its seats are good: the clocks of hub and platform may differ, and a job may begin
// late.
const (
	seatEarly = time.Minute
	seatLate  = 10 * time.Minute
)

// lease makes the seats of a place, of the slots from a time on, until they reach a day ahead.
func (h *Hub) lease(ctx context.Context, place fleet.Place, want fleet.SeatsWanted, now time.Time) fleet.SeatsLeased {
	h.issued.mu.Lock()
	plan, orders := h.issued.plan, h.issued.orders
	h.issued.mu.Unlock()
	if plan.Serial != want.Serial || plan.Serial == 0 {
		return fleet.SeatsLeased{Error: "the hub has another plan now"}
	}
	got := fleet.SeatsLeased{Seats: []fleet.Seat{}}
	slot := plan.Slot(now)
	if from := plan.Slot(want.From); from.After(slot) {
		slot = from
	}
	jobs := plan.For(place)
	for ; slot.Before(now.Add(fleet.Lease)) && len(got.Seats)+len(jobs) <= fleet.MaxSeats; slot = slot.Add(plan.Every) {
		for _, j := range jobs {
			if ctx.Err() != nil {
				return got
			}
			seat, err := orders[j.Name].seat(plan, place, slot)
			if err != nil {
				got.Error = fmt.Sprintf("job %s: %v", j.Name, err)
				continue
			}
			got.Seats = append(got.Seats, seat)
		}
		got.To = slot.Add(plan.Every)
	}
	return got
}

// seat is the right to measure one job in one slot.
func (o Order) seat(plan fleet.Plan, place fleet.Place, slot time.Time) (seat fleet.Seat, err error) {
	if o.Lease == nil {
		return seat, errors.New("nobody can lease seats of its platform")
	}
	job := sha256.Sum256([]byte(o.Name))
	of := fmt.Sprintf("%s-%x-%d", place.Name, job[:4], slot.Unix())
	room := o.Place.Room
	if room == "" {
		room = "rtcbench-" + of
	}
	lease := func(role bench.Role) (bench.Seat, error) {
		return o.Lease(o.Place, bench.LeaseOf{Room: room, Identity: "rtcbench-" + string(role) + "-" + of, Role: role,
			Class: o.Class, From: slot.Add(-seatEarly), Until: slot.Add(plan.Every + o.Longest + seatLate)})
	}
	seat = fleet.Seat{Job: o.Name, Slot: slot}
	if seat.Runner, err = lease(bench.Runner); err == nil {
		seat.Answerer, err = lease(bench.Answerer)
	}
	return seat, err
}
