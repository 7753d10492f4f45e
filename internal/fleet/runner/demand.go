package runner

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"rtcbench/bench"
	"rtcbench/internal/fleet"
)

// told handles a message that the hub sends without a request.
func (r *Runner) told(m *nats.Msg) {
	if string(m.Data) == fleet.Watched {
		r.watched.Store(time.Now().Add(fleet.WatchedFor).UnixNano())
		return
	}
	var t fleet.Told
	if json.Unmarshal(m.Data, &t) == nil && t.Run != nil {
		select {
		case r.demands <- *t.Run:
		default: // more than anybody orders by hand
		}
	}
	poke(r.wake)
}

// onDemand carries out orders for this moment until ctx ends.
func (r *Runner) onDemand(ctx context.Context) {
	for {
		select {
		case d := <-r.demands:
			r.demanded(ctx, d)
		case <-ctx.Done():
			return
		}
	}
}

func (r *Runner) demanded(ctx context.Context, d fleet.RunNow) {
	plan := r.follows()
	for _, seat := range d.Seats {
		j, known := jobOf(plan, d.Serial, seat.Job)
		switch {
		case known && seat.For != "":
			if r.options.Answer != nil {
				r.answers.Go(func() { r.answer(ctx, plan, j, seat) })
			}
		case seat.For != "":
		case !known:
			r.ran(ctx, fleet.Ran{ID: d.ID, Error: "this place does not follow the plan of that job yet"})
		default:
			r.answers.Go(func() { r.ran(ctx, summed(d.ID)(r.carry(ctx, d.Serial, j, seat))) })
		}
	}
}

// jobOf is the job called name, if plan has that serial.
func jobOf(plan *fleet.Plan, serial uint64, name string) (fleet.Job, bool) {
	if plan != nil && plan.Serial == serial {
		for _, j := range plan.Jobs {
			if j.Name == name {
				return j, true
			}
		}
	}
	return fleet.Job{}, false
}

// summed makes the report about a run for the order id.
func summed(id string) func(bench.Run, error) fleet.Ran {
	return func(run bench.Run, err error) fleet.Ran {
		said := fleet.Ran{ID: id, Run: run.ID, Echo: run.Echo.Place}
		if err != nil {
			said.Error = err.Error()
		}
		if run.ID != "" {
			s := bench.NewRecord(run).Summary
			said.Verdict, said.Answered = string(s.Validity.Verdict), run.Counts.Answered
			said.Failed = run.Counts.Lost + run.Counts.Late
			said.P50, said.P95 = s.P50.D, s.P95.D
		}
		return said
	}
}

// tellTries is how often a runner tries to report the result of an order.
const tellTries = 5

func (r *Runner) ran(ctx context.Context, said fleet.Ran) {
	said.Done = true
	for range tellTries {
		err := r.ask(ctx, fleet.Rans, said, new(any))
		if err == nil || ctx.Err() != nil {
			return
		}
		r.options.Log.Warn("say what came of an order", "error", fmt.Sprint(err))
		select {
		case <-time.After(reconnectWait):
		case <-ctx.Done():
		}
	}
}
