package runner

import (
	"context"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/outbox"
	"rtcbench/internal/result"
)

const (
	offerTimeout = 30 * time.Second // for one run
	lookEvery    = time.Minute      // between two looks for runs that came without a signal
)

// keep puts a run into the outbox. The run stays there until the hub's store has it.
func (r *Runner) keep(run bench.Run) error {
	return r.box.Put(result.NewDocument(bench.NewRecord(run)), []string{HubStore})
}

// deliver delivers the runs in the outbox, again and again until ctx ends, but not during a measurement.
func (r *Runner) deliver(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		r.gate.deliver(ctx, r.deliverAll)
		select {
		case <-r.waits:
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func (r *Runner) deliverAll(ctx context.Context) {
	n, err := r.box.Count()
	if err != nil {
		r.fault("look for what waits: " + err.Error())
		return
	}
	if n == 0 || !r.up() {
		return
	}
	courier := r.box.To([]outbox.Target{r.target()}, offerTimeout)
	defer courier.Close()
	out, err := courier.Deliver(ctx)
	if ctx.Err() != nil {
		return // a measurement began: runs without an answer are offered again
	}
	for _, f := range out.Failures {
		if f.Final || f.Unnoted {
			text := f.Err.Error()
			if f.RunID != "" { // a file that cannot be read names none
				text = "run " + f.RunID + ": " + text
			}
			r.fault(text)
		}
	}
	if err != nil {
		r.fault("look for what waits: " + err.Error())
	}
	if out.Delivered > 0 {
		r.options.Log.Info("the hub has them", "runs", out.Delivered, "waiting", out.Waiting)
	}
	if len(out.Failures) > 0 && out.Waiting > 0 {
		r.options.Log.Warn("runs wait for the hub", "runs", out.Waiting, "error", out.Failures[0].Err)
	}
}
