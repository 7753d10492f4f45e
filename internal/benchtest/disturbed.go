package benchtest

import (
	"context"
	"errors"
	"testing"
	"time"

	"rtcbench/bench"
)

// enough is how many pings have to be answered before and after a disturbance.
const enough = 10

// Disturbed begins a plan without an end, does something to it, and ends it when pings that were sent afterwards are
// answered. No part of it takes a set time.
func Disturbed(t *testing.T, p bench.Prober, plan bench.Plan, disturb func()) bench.Run {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 4*patience)
	defer cancel()
	answered := make(chan uint32, plan.Count)
	type outcome struct {
		bench.Run
		error
	}
	over := make(chan outcome, 1)
	go func() {
		run, err := p.Probe(ctx, plan, func(s bench.Sample) {
			if s.Outcome == bench.Answered {
				answered <- s.Seq
			}
		})
		over <- outcome{run, err}
	}()
	last := uint32(0)
	wait := func(n int) {
		for n > 0 {
			select {
			case seq := <-answered:
				n--
				last = max(last, seq)
			case o := <-over:
				t.Fatalf("the run ended %q before that: %v, %+v", o.Ended, o.error, o.Counts)
			}
		}
	}
	wait(enough)
	disturb()
	for len(answered) > 0 { // told, and perhaps not heard, before the disturbance was over
		wait(1)
	}
	// What is under way now is answered within its timeout. Later ones were sent after the disturbance.
	wait(enough + int(plan.Timeout/max(plan.Cooldown, time.Millisecond)))
	cancel()
	o := <-over
	if o.Ended != bench.Interrupted || !errors.Is(o.error, context.Canceled) {
		t.Fatalf("ended %q: %v, %+v", o.Ended, o.error, o.Counts)
	}
	return o.Run
}
