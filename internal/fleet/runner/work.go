package runner

import (
	"context"
	"errors"
	"fmt"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/fleet"
	"rtcbench/internal/live"
	"rtcbench/internal/measure"
	"rtcbench/internal/schedule"
)

// work measures every slot of the plan until ctx ends, whether the hub is reached or not. It leaves out the slot that
// is under way when work begins: so a runner that is restarted again and again measures no slot twice.
func (r *Runner) work(ctx context.Context) {
	first := true
	schedule.Loop{
		Plan: r.grid, Changed: r.changed, Now: r.now, Jitter: func(time.Duration) time.Duration { return 0 },
		Work: func(ctx context.Context) {
			if !first {
				r.slot(ctx)
			}
			first = false
		},
		Skipped: func(n int) { r.options.Log.Warn("slots skipped", "count", n) },
	}.Run(ctx)
}

// idle is the length of a slot while there is no plan.
const idle = time.Minute

func (r *Runner) grid() schedule.Plan {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.plan == nil {
		return schedule.Plan{Every: idle}
	}
	return schedule.Plan{Every: r.plan.Every}
}

// slot does the jobs of the slot that has just begun: first the aligned jobs, one after the other, from the beginning
// of the slot. The other jobs follow after a random part of the jitter.
func (r *Runner) slot(ctx context.Context) {
	r.mu.Lock()
	plan, paused := r.plan, r.paused
	r.mu.Unlock()
	if plan == nil || paused {
		return
	}
	if r.wasSet() && r.up() { // the slot may be wrong: the next hello compares the clocks
		r.options.Log.Warn("slot left out: the clock was set, and the hub's was not heard since")
		poke(r.wake)
		return
	}
	slot := plan.Slot(r.now())
	if slot.After(plan.NotAfter) {
		r.fault(fmt.Sprintf("%v: it was for the time until %s, and the hub gave no newer one", fleet.ErrPlanOver,
			plan.NotAfter.Format(time.RFC3339)))
		return
	}
	var rest []fleet.Job
	from := slot
	for _, j := range plan.For(r.me) {
		if _, measures := plan.Turn(j, r.me.Name, slot); !measures {
			continue
		}
		if !j.Aligned {
			rest = append(rest, j)
			continue
		}
		if !r.until(ctx, from) {
			return
		}
		r.one(ctx, plan, j, slot)
		from = from.Add(j.Longest.Round(time.Second))
	}
	if len(rest) > 0 && !r.until(ctx, slot.Add(schedule.RandomJitter(plan.Jitter))) {
		return
	}
	for _, j := range rest {
		if ctx.Err() == nil {
			r.one(ctx, plan, j, slot)
		}
	}
}

// follows is the current plan; nil = there is none.
func (r *Runner) follows() *fleet.Plan {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.plan
}

// until waits until at; false = ctx ended before.
func (r *Runner) until(ctx context.Context, at time.Time) bool {
	left := at.Sub(r.now())
	if left <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(left)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// one does a job of a plan in a slot. An error is noted.
func (r *Runner) one(ctx context.Context, plan *fleet.Plan, j fleet.Job, slot time.Time) {
	seat, err := r.seats.of(j.Name, slot)
	if err != nil && r.follows() != plan { // the newer plan has replaced the seats
		r.options.Log.Info("left out: there is a newer plan", "job", j.Name, "slot", slot)
		return
	}
	if err != nil {
		r.fault(fmt.Sprintf("job %s, slot %s: %v", j.Name, slot.Format(time.RFC3339), err))
		return
	}
	r.carry(ctx, plan.Serial, j, seat)
}

// carry does a job in a seat and keeps the run. It waits while another measurement is under way.
func (r *Runner) carry(ctx context.Context, serial uint64, j fleet.Job, seat fleet.Seat) (bench.Run, error) {
	r.alone.Lock()
	defer r.alone.Unlock()
	job, err := r.options.Prepare(j)
	if err != nil {
		r.fault(fmt.Sprintf("job %s: %v", j.Name, err))
		return bench.Run{}, err
	}
	job.Location = r.me.Location
	end := r.gate.measure()
	run, err := r.options.Measure(ctx, job, seat, measure.Live(r.me.Name, func() live.Wire { return wire{r} }))
	if run.ID != "" {
		run.Err, run.Fleet = err, &bench.Origin{Place: r.me.Name, Plan: serial, Job: j.Name, Slot: seat.Slot.UTC()}
		if failed := r.keep(run); failed != nil {
			r.fault("keep a run: " + failed.Error())
		}
	}
	end()
	r.measured(j, run, err)
	poke(r.waits)
	return run, err
}

// measured notes the result of a job.
func (r *Runner) measured(j fleet.Job, run bench.Run, err error) {
	if err != nil {
		r.fault(fmt.Sprintf("job %s: %v", j.Name, err))
	}
	if run.ID == "" {
		return
	}
	record := bench.NewRecord(run)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last, r.verdict = run.End, string(record.Summary.Validity.Verdict)
	r.figures[j.Name] = figuresOf(record)
	if err == nil {
		r.failed = ""
	}
	r.options.Log.Info("measured", "job", j.Name, "run", run.ID, "pings", run.Counts.Settled(), "verdict", r.verdict)
}

// fault notes an error, for the log and the next hello.
func (r *Runner) fault(text string) {
	r.options.Log.Error(text)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failed = text
}

// Measure does a job in a leased seat. watch receives the pings of the run.
type Measure func(ctx context.Context, job measure.Job, seat fleet.Seat, watch measure.Watcher) (bench.Run, error)

// Measuring is the Measure of package measure, with env.
func Measuring(env measure.Env) Measure {
	return func(ctx context.Context, job measure.Job, seat fleet.Seat, watch measure.Watcher) (bench.Run, error) {
		p, ok := env.Platforms[job.Platform]
		if !ok {
			return bench.Run{}, errors.New("this runner does not know the platform")
		}
		here := env
		here.Watch = watch
		here.Platforms = map[string]bench.Platform{p.Name: leased(p, seat)}
		if seat.At == "" {
			return measure.Do(ctx, job, here, nil)
		}
		job.Local, job.Plan.Echo = false, seat.Answerer.Identity
		run, err := measure.Do(ctx, job, here, nil)
		if run.ID != "" {
			run.Echo.Place = seat.At
		}
		return run, err
	}
}
