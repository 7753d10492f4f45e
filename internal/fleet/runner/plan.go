package runner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"rtcbench/internal/fleet"
)

// leasesAtOnce is how many requests for seats a runner makes in a row. The next hello continues.
const leasesAtOnce = 10

var errNoAnswer = errors.New("no answer")

// ask sends the hub a request in this place's name, and decodes the answer into heard.
func (r *Runner) ask(ctx context.Context, what string, said, heard any) error {
	data, err := json.Marshal(said)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, fleet.AskTimeout)
	defer cancel()
	answer, err := r.request(ctx, fleet.Ask(r.me.Name, what), data)
	if err != nil {
		return fmt.Errorf("ask the hub for %s: %w: %w", what, errNoAnswer, err)
	}
	if err := json.Unmarshal(answer, heard); err != nil {
		return fmt.Errorf("ask the hub for %s: %w", what, err)
	}
	return nil
}

// catchUp takes a newer plan if there is one. Otherwise it asks for seats if they do not reach far enough.
func (r *Runner) catchUp(ctx context.Context, newest uint64) error {
	r.mu.Lock()
	serial, none := r.file.Serial, r.plan == nil
	r.mu.Unlock()
	if newest > serial || none && newest == serial && newest > 0 { // the plan on the disk may not be one to follow
		return r.renew(ctx)
	}
	return r.lease(ctx)
}

// renew takes a newer plan together with its first seats: a slot that begins meanwhile still follows the plan before. A
// plan without seats is taken all the same. If the hub does not answer, the runner asks again after the next hello, and
// goes on with the plan and the seats that it has: many runners ask at the same time. If an even newer plan appears
// meanwhile, that plan is taken: the hub leases seats of its newest plan alone.
func (r *Runner) renew(ctx context.Context) (err error) {
	for range leasesAtOnce {
		if err = r.renewOnce(ctx); !errors.Is(err, errNewer) {
			return err
		}
	}
	return err
}

func (r *Runner) renewOnce(ctx context.Context) error {
	var s fleet.Signed
	if err := r.ask(ctx, fleet.Plans, struct{}{}, &s); err != nil {
		return err
	}
	r.mu.Lock()
	p, err := s.Open(r.file.PlanKey, r.file.Serial)
	r.mu.Unlock()
	if err != nil {
		return err
	}
	var got fleet.SeatsLeased
	if len(p.For(r.me)) > 0 {
		got, err = r.seatsFrom(ctx, &p, p.Slot(r.now()))
		if errors.Is(err, errNewer) || errors.Is(err, errNoAnswer) {
			return err
		}
	}
	err = errors.Join(err, r.seats.lease(got, r.now(), true), r.take(s))
	if err != nil {
		return err
	}
	return r.lease(ctx)
}

// take takes a plan that the pinned key has signed and that is not older than the plan before.
func (r *Runner) take(s fleet.Signed) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	p, err := s.Open(r.file.PlanKey, r.file.Serial)
	if err != nil {
		return err
	}
	f := *r.file
	f.Signed, f.Serial = &s, p.Serial
	if err := f.save(); err != nil {
		return err
	}
	r.file, r.plan = &f, &p
	maps.DeleteFunc(r.figures, func(job string, _ figures) bool {
		return !slices.ContainsFunc(p.Jobs, func(j fleet.Job) bool { return j.Name == job })
	})
	r.options.Log.Info("a plan", "serial", p.Serial, "jobs", len(p.For(r.me)), "every", p.Every)
	if err := p.Without(r.me); err != nil {
		r.options.Log.Error("a part of the plan is not done here", "error", err)
	}
	poke(r.changed)
	poke(r.turned)
	return nil
}

// lease asks for seats if a twenty-fourth of those that are given ahead are gone: about once an hour, where a day is.
func (r *Runner) lease(ctx context.Context) error {
	r.mu.Lock()
	plan := r.plan
	r.mu.Unlock()
	if plan == nil || len(plan.For(r.me)) == 0 {
		return nil
	}
	for range leasesAtOnce { // the next hello continues
		now := r.now()
		from := plan.Slot(now)
		if to := r.seats.until(); to.After(from) {
			from = to
		}
		if ahead := plan.Ahead(); !from.Before(now.Add(ahead-ahead/24)) || r.slots > 0 && from.After(now) {
			return nil
		}
		got, err := r.seatsFrom(ctx, plan, from)
		if errors.Is(err, errNewer) {
			return nil // the next hello brings the serial of the newer plan
		}
		if len(got.Seats) > 0 { // also if seats of some job are missing
			err = errors.Join(err, r.seats.lease(got, now, false))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// errNewer says that the hub has a newer plan than the one whose seats were requested. It is no fault.
var errNewer = errors.New("the hub has a newer plan by now")

// seatsFrom asks for the seats of slots from then on. One answer holds a limited number. With an error, the seats that
// came are still returned.
func (r *Runner) seatsFrom(ctx context.Context, plan *fleet.Plan, from time.Time) (fleet.SeatsLeased, error) {
	var got fleet.SeatsLeased
	want := fleet.SeatsWanted{Serial: plan.Serial, From: from, Slots: r.slots}
	if err := r.ask(ctx, fleet.Seats, want, &got); err != nil {
		return fleet.SeatsLeased{}, err
	}
	if got.Serial > plan.Serial {
		return fleet.SeatsLeased{}, errNewer
	}
	if got.To.Before(from) {
		got.To = from
	}
	switch {
	case got.Error != "":
		r.fault("the hub leases no seats: " + got.Error)
	case !got.To.After(from):
		return got, errors.New("the hub has no seats yet")
	}
	if !got.To.After(from) {
		return got, errors.New("the hub leases no seats of some job")
	}
	return got, nil
}
