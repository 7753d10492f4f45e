package hub

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/fleet"
	"rtcbench/internal/outbox"
)

// past are the recent plans: a run may arrive long after its slot.
type past struct {
	dir string

	mu   sync.Mutex
	list map[uint64]fleet.Plan
}

// pastFor is how long a plan is remembered after it was issued: as long as it may be in force, and its runs may wait.
const pastFor = 3 * lasts

func openPast(dir string) (*past, error) {
	p := &past{dir: dir, list: map[uint64]fleet.Plan{}}
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return p, nil
	}
	for _, e := range entries {
		var plan fleet.Plan
		path := filepath.Join(dir, e.Name())
		if data, err := os.ReadFile(path); err != nil || json.Unmarshal(data, &plan) != nil ||
			time.Since(plan.Issued) > pastFor {
			os.Remove(path)
			continue
		}
		p.list[plan.Serial] = plan
	}
	return p, err
}

// add remembers a plan. An error is no reason to withhold the plan.
func (p *past) add(plan fleet.Plan) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, ok := p.list[plan.Serial]; ok || plan.Serial == 0 {
		return nil
	}
	p.list[plan.Serial] = plan
	data, err := json.Marshal(plan)
	if err == nil {
		err = os.MkdirAll(p.dir, 0o700)
	}
	if err == nil {
		err = outbox.WriteFile(filepath.Join(p.dir, strconv.FormatUint(plan.Serial, 10)+".json"), data)
	}
	return err
}

func (p *past) of(serial uint64) (fleet.Plan, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	plan, ok := p.list[serial]
	return plan, ok
}

// origin says where a run came from. The hub knows the sender and the time itself. Plan, job and slot are what the
// runner says, if that is possible; otherwise odd says why not.
func (h *Hub) origin(member fleet.Member, r bench.Run, received time.Time) (o bench.Origin, odd string) {
	o = bench.Origin{Place: member.Name, Received: received.UTC().Truncate(time.Microsecond)}
	off := time.Duration(0)
	if heard, ok := h.presence.of(member.Name); ok {
		if c := heard.Hello.Clock; c.Known && !c.Lies(heard.Hello.Sent, heard.At) {
			off = c.Offset
			offset, bound := c.Offset.Seconds()*1e3, c.Bound.Seconds()*1e3
			o.Offset, o.Bound = &offset, &bound
		}
	}
	if r.Fleet == nil || r.Fleet.Plan == 0 {
		return o, ""
	}
	said := *r.Fleet
	plan, known := h.past.of(said.Plan)
	if !known {
		return o, fmt.Sprintf("it says it is of plan %d, which this hub did not issue of late", said.Plan)
	}
	jobs := plan.For(member.Place)
	at := slices.IndexFunc(jobs, func(j fleet.Job) bool { return j.Name == said.Job })
	if at < 0 || jobs[at].Platform != strings.ToLower(r.Platform) {
		return o, fmt.Sprintf("it says it is of the job %.80q, which plan %d does not have for this place", said.Job,
			said.Plan)
	}
	// The slot is checked only if the offset of the runner's clock is known: an unknown clock can be wrong by any
	// amount.
	late := r.Start.Add(-off).Sub(said.Slot)
	if o.Offset != nil && (late < -seatEarly || late > plan.Every+jobs[at].Longest+seatLate) {
		return o, fmt.Sprintf("it says it is of the slot %s, and began %v after that",
			said.Slot.UTC().Format(time.RFC3339), late.Round(time.Second))
	}
	o.Plan, o.Job, o.Slot = said.Plan, said.Job, said.Slot.UTC()
	return o, ""
}
