package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/echo"
	"rtcbench/internal/fleet"
	"rtcbench/internal/measure"
	"rtcbench/internal/schedule"
)

// Answer answers the pings of another place in a leased seat. It returns when that place has come and gone, or when ctx
// ends. While the other place is in the room, hold stops deliveries until its function end is called, or until they
// have waited for too long.
type Answer func(ctx context.Context, job measure.Job, seat fleet.Seat, hold func() (end func())) error

// answerAll answers other places in every slot until ctx ends, also while this place measures. If an echo waited for
// its own runner first, the runs of its callers would fail.
func (r *Runner) answerAll(ctx context.Context) {
	schedule.Loop{
		Plan: r.grid, Changed: r.turned, Now: r.now, Jitter: func(time.Duration) time.Duration { return 0 },
		Work: r.answerSlot, Skipped: func(int) {},
	}.Run(ctx)
}

// answerSlot starts the answers of the slot that has just begun.
func (r *Runner) answerSlot(ctx context.Context) {
	r.mu.Lock()
	plan, paused := r.plan, r.paused
	r.mu.Unlock()
	if plan == nil || paused {
		return
	}
	slot := plan.Slot(r.now())
	for _, seat := range r.seats.answering(slot) {
		for _, j := range plan.Jobs {
			if j.Name == seat.Job && r.options.Answer != nil {
				r.answers.Go(func() { r.answer(ctx, plan, j, seat) })
			}
		}
	}
}

// answer answers in seat for as long as the caller may need it.
func (r *Runner) answer(ctx context.Context, plan *fleet.Plan, j fleet.Job, seat fleet.Seat) {
	job, err := r.options.Prepare(j)
	if err == nil {
		longest := plan.Jitter
		for _, before := range plan.Jobs { // the caller may have to do these jobs first
			longest += before.Longest
		}
		sitting, cancel := context.WithTimeout(ctx, longest)
		defer cancel()
		err = r.options.Answer(sitting, job, seat, r.gate.answer)
	}
	if err != nil && ctx.Err() == nil {
		r.fault(fmt.Sprintf("answer %s in job %s: %v", seat.For, j.Name, err))
	}
	poke(r.waits)
}

// How an echo finds out that it is not needed any more: its caller was in the room, and has been away for a while.
const (
	lookAround = 250 * time.Millisecond
	goneFor    = 10 * time.Second // shorter gaps may be a broken link
)

// Answering is the Answer that joins rooms, with env.
func Answering(env measure.Env) Answer {
	return func(ctx context.Context, job measure.Job, seat fleet.Seat, hold func() func()) error {
		p, ok := env.Platforms[job.Platform]
		if !ok {
			return errors.New("this runner does not know the platform")
		}
		ctx, leave := context.WithCancel(ctx)
		defer leave()
		place := bench.Place{URL: seat.Answerer.URL, Token: seat.Answerer.Token, Bundle: job.Place.Bundle,
			Class: job.Plan.Class}
		if p.Lease != nil {
			if err := p.Lease.Check(job.Place, seat.Answerer); err != nil {
				return fmt.Errorf("a seat that the hub leased is not taken: %w", err)
			}
		}
		if job.Engine == bench.Browser || !p.Has(bench.Native) {
			options := env.Browser
			options.Rooms = append(options.Rooms, measure.Reach(p, place))
			room := leased(p, seat).Meet(job.Place, 0)
			defer hold()() // a page does not say who is in the room, so deliveries wait all the time
			return measure.SitOn(ctx, options, p, room, job.Within, func() {}, func(error) {})
		}
		return echo.Serve(ctx, echo.Seat{
			Join:  measure.Answering(p, place, seat.Answerer.Identity),
			Clock: env.Clock, Within: job.Within, Lost: func(error) {},
			Ready: func(s bench.Session) { go follow(ctx, s, seat.Runner.Identity, hold, leave) },
		})
	}
}

// follow watches until ctx ends whether the caller, who, is in the room. It stops deliveries while the caller is there,
// and calls leave when the caller has come and has been away for a while.
func follow(ctx context.Context, s bench.Session, who string, hold func() func(), leave func()) {
	tick := time.NewTicker(lookAround)
	defer tick.Stop()
	var end func()
	defer func() {
		if end != nil {
			end()
		}
	}()
	came, seen := false, time.Now()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		switch there := slices.Contains(echo.Present(s), who); {
		case there:
			if came, seen = true, time.Now(); end == nil {
				end = hold()
			}
		case end != nil:
			end()
			end = nil
		case came && time.Since(seen) > goneFor:
			leave()
			return
		}
	}
}
