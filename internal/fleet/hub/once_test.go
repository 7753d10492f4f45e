package hub_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/fleet"
	"rtcbench/internal/fleet/hub"
	"rtcbench/internal/fleet/runner"
	"rtcbench/internal/measure"
)

// TestOneShot: a runner that is started for a moment measures the slot of now in a seat of that slot alone, delivers,
// and ends; started again it does so again. Between the two it is not silent.
func TestOneShot(t *testing.T) {
	c := start(t, t.TempDir(), "")
	const every = time.Hour
	ordered := orders(2)
	ordered.Every, ordered.Jitter = every, 59*time.Minute // which nobody waits for
	plan, err := c.Order(ordered)
	if err != nil {
		t.Fatal(err)
	}
	f := c.mustJoin("fra-1")
	for n := range 2 {
		var seats []fleet.Seat
		o := options(f)
		measures := o.Measure
		o.Measure = func(ctx context.Context, j measure.Job, s fleet.Seat, w measure.Watcher) (bench.Run, error) {
			seats = append(seats, s)
			return measures(ctx, j, s, w)
		}
		r, err := runner.New(f, o)
		if err != nil {
			t.Fatal(err)
		}
		shot, err := r.Once(t.Context())
		if err != nil || shot.Plan != plan.Serial || len(shot.Jobs) != 2 || shot.Waiting != 0 || len(seats) != 2 ||
			shot.Place != "fra-1" || !plan.Slot(shot.Slot).Equal(shot.Slot) {
			t.Fatalf("%+v in %d seats, %v", shot, len(seats), err)
		}
		for _, s := range seats {
			ran := shot.Jobs[s.Job]
			if !s.Slot.Equal(shot.Slot) || ran.Run == "" || ran.Answered == 0 || ran.Error != "" {
				t.Errorf("%+v in the seat of %v", ran, s.Slot)
			}
		}
		await(t, "two more are kept", func() bool { return c.kept() == 2*(n+1) })
		await(t, "the hub heard how it went, and of seats that end with the slot", func() bool {
			h := c.state("fra-1").Heard
			return h != nil && h.Hello.Once && h.Hello.Verdict != "" && h.Hello.SeatsTo.Equal(shot.Slot.Add(every))
		})
		if after := c.state("fra-1").Heard.Hello.SilentAfter(every); after < 2*every {
			t.Errorf("silent %v after it ended", after)
		}
		if f, err = runner.Load(f.Path()); err != nil {
			t.Fatal(err)
		}
	}
	var d hub.Demand
	if err := c.try("POST", "/admin/run", hub.RunOrder{Job: "job0"}, &d); err != nil || len(d.Results) != 1 ||
		!strings.Contains(d.Results[0].Error, "works for one slot at a time") {
		t.Errorf("ordered for this moment: %+v, %v", d, err)
	}
}

// TestOneShotThatDidNotDoAll: each way has its own words, and what was measured waits or is delivered.
func TestOneShotThatDidNotDoAll(t *testing.T) {
	c := start(t, t.TempDir(), "")
	f := c.mustJoin("fra-1")
	shoot := func(ctx context.Context, measures runner.Measure) (runner.Shot, error) {
		t.Helper()
		f, err := runner.Load(f.Path())
		if err != nil {
			t.Fatal(err)
		}
		r, err := newRunnerThat(f, measures)
		if err != nil {
			t.Fatal(err)
		}
		return r.Once(ctx)
	}
	never := func(context.Context, measure.Job, fleet.Seat, measure.Watcher) (bench.Run, error) {
		t.Error("something is measured")
		return bench.Run{}, nil
	}
	if shot, err := shoot(t.Context(), never); err != nil || shot.Plan != 0 {
		t.Errorf("without a plan: %+v, %v", shot, err)
	}
	o := orders(2)
	o.Every = time.Hour
	if _, err := c.Order(o); err != nil {
		t.Fatal(err)
	}
	c.call("POST", "/admin/members/fra-1/pause", map[string]bool{"paused": true}, new(any))
	if shot, err := shoot(t.Context(), never); err != nil || !shot.Paused || len(shot.Jobs) != 0 {
		t.Errorf("paused: %+v, %v", shot, err)
	}
	c.call("POST", "/admin/members/fra-1/pause", map[string]bool{"paused": false}, new(any))
	refused := errors.New("the platform refuses")
	shot, err := shoot(t.Context(), func(context.Context, measure.Job, fleet.Seat, measure.Watcher) (bench.Run, error) {
		return bench.Run{}, refused
	})
	if !errors.Is(err, refused) || strings.Count(err.Error(), "the platform refuses") != 2 || len(shot.Jobs) != 2 {
		t.Errorf("a platform that refuses: %+v, %v", shot, err)
	}
	over := errors.New("its time is over")
	ctx, cancel := context.WithCancelCause(t.Context())
	shot, err = shoot(ctx, func(_ context.Context, j measure.Job, _ fleet.Seat, _ measure.Watcher) (bench.Run, error) {
		cancel(over)
		run := benchtest.StoredRun(20, time.Now())
		run.Location = j.Location
		return run, nil
	})
	if !errors.Is(err, over) || len(shot.Jobs) != 1 || shot.Waiting != 0 {
		t.Errorf("its time is over: %+v, %v", shot, err)
	}
	await(t, "what was measured is kept", func() bool { return c.kept() == 1 })
	c.stop()
	gone, cancelGone := context.WithCancelCause(t.Context())
	cancelGone(over)
	if _, err := shoot(gone, never); err == nil || !strings.Contains(err.Error(), "was not reached, and nothing is") {
		t.Errorf("a hub that is away: %v", err)
	}
}
