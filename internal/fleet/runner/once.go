package runner

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/nats-io/nats.go"

	"rtcbench/bench"
	"rtcbench/internal/fleet"
)

const (
	arriveTimeout = 30 * time.Second // for the connection to the hub
	lastTimeout   = 5 * time.Second  // for a last delivery after ctx has ended
)

// Shot is the result of one slot.
type Shot struct {
	Place   string               `json:"place"`
	Plan    uint64               `json:"plan"` // serial of the plan
	Slot    time.Time            `json:"slot,omitzero"`
	Paused  bool                 `json:"paused,omitempty"`
	Jobs    map[string]fleet.Ran `json:"jobs"`
	Waiting int                  `json:"waiting"` // runs in the outbox
}

// Once does the jobs of the current slot and returns, for a process that is started for one slot. It asks the hub for
// the plan and for the seats of this slot alone. It measures without delay, and delivers the runs in the outbox. It
// answers no other place. When ctx ends, it stops measuring and delivers what it has. The error says what was not done
// or not delivered.
func (r *Runner) Once(ctx context.Context) (shot Shot, err error) {
	shot = Shot{Place: r.me.Name, Jobs: map[string]fleet.Ran{}}
	if shot.Waiting, err = r.box.Count(); err != nil {
		return shot, err
	}
	r.slots = 1
	nc, err := r.connect()
	if err != nil {
		return shot, err
	}
	r.nc.Store(nc)
	closed := make(chan struct{})
	nc.SetClosedHandler(func(*nats.Conn) { close(closed) })
	defer func() { nc.Close(); <-closed }()
	if err := r.arrive(ctx); err != nil {
		return shot, err
	}
	err = errors.Join(r.hello(ctx), r.shoot(ctx, &shot))
	r.mu.Lock()
	r.failed = "" // err says it
	r.mu.Unlock()
	last := ctx
	if ctx.Err() != nil {
		late, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastTimeout)
		defer cancel()
		last = late
	}
	r.deliverAll(last)
	if _, _, unsaid := r.say(last); unsaid != nil {
		r.options.Log.Warn("say how it went", "error", unsaid) // the next start reports it
	}
	var uncounted error
	if shot.Waiting, uncounted = r.box.Count(); shot.Waiting > 0 {
		err = errors.Join(err, fmt.Errorf("%s %s for the hub", bench.Many(shot.Waiting, "run"),
			bench.Form(shot.Waiting, "waits", "wait")))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if wrong := r.wrong(); wrong != "" {
		err = errors.Join(err, errors.New(wrong))
	}
	return shot, errors.Join(err, uncounted)
}

// WriteOnce calls Once and writes the Shot as a line of JSON.
func (r *Runner) WriteOnce(ctx context.Context, w io.Writer) error {
	shot, err := r.Once(ctx)
	return errors.Join(err, json.NewEncoder(w).Encode(shot))
}

// arrive waits for the connection to the hub.
func (r *Runner) arrive(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, arriveTimeout, fmt.Errorf("not within %v", arriveTimeout))
	defer cancel()
	for !r.up() {
		select {
		case <-r.wake:
		case <-ctx.Done():
			r.mu.Lock()
			defer r.mu.Unlock()
			return fmt.Errorf("the hub at %s was not reached, and nothing is measured: %w: %s", r.file.Hub,
				context.Cause(ctx), cmp.Or(r.away, "it has not answered yet"))
		}
	}
	return nil
}

// shoot does the jobs of the current slot, one after the other.
func (r *Runner) shoot(ctx context.Context, shot *Shot) (err error) {
	plan := r.follows()
	r.mu.Lock()
	shot.Paused = r.paused
	r.mu.Unlock()
	if plan == nil || shot.Paused {
		r.options.Log.Info("nothing is measured", "plan", plan != nil, "paused", shot.Paused)
		return nil
	}
	shot.Plan = plan.Serial
	for range leasesAtOnce {
		shot.Slot = plan.Slot(r.now())
		if failed := r.lease(ctx); failed != nil {
			r.options.Log.Warn("ask for seats", "error", failed) // each job reports that it has no seat
		}
		if plan.Slot(r.now()).Equal(shot.Slot) { // the slot has not ended meanwhile
			break
		}
	}
	r.mu.Lock()
	unleased := r.failed // the reason, if the hub gave one
	r.mu.Unlock()
	for _, j := range plan.For(r.me) {
		if _, measures := plan.Turn(j, r.me.Name, shot.Slot); !measures || ctx.Err() != nil {
			continue
		}
		seat, failed := r.seats.of(j.Name, shot.Slot)
		if failed != nil && unleased != "" {
			failed = errors.New(unleased)
		}
		if failed == nil {
			run, why := r.carry(ctx, plan.Serial, j, seat)
			ran := summed("")(run, why)
			ran.Place, ran.Done = r.me.Name, true
			shot.Jobs[j.Name], failed = ran, why
		}
		if failed != nil {
			err = errors.Join(err, fmt.Errorf("job %s: %w", j.Name, failed))
		}
	}
	return errors.Join(err, context.Cause(ctx))
}
