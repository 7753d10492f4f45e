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

	"rtcbench/internal/fleet"
)

const (
	arriveTimeout = 30 * time.Second // until the hub is reached
	lastTimeout   = 5 * time.Second  // for a delivery after the time of a shot is over
)

// Shot is what came of one slot.
type Shot struct {
	Place   string               `json:"place"`
	Plan    uint64               `json:"plan"` // its serial
	Slot    time.Time            `json:"slot,omitzero"`
	Paused  bool                 `json:"paused,omitempty"`
	Jobs    map[string]fleet.Ran `json:"jobs"`
	Waiting int                  `json:"waiting"` // runs that the hub does not have
}

// Once does what the plan says for the slot that goes on now, for whoever is started for a moment and ends: it asks the
// hub for the plan and for the seats of that slot alone, measures without delay, and delivers what waits. It answers no
// other place. Where ctx ends it measures no more, and delivers what it has. An error says what was not done, or not
// delivered.
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
	r.failed = "" // err has it
	r.mu.Unlock()
	last := ctx
	if ctx.Err() != nil {
		late, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastTimeout)
		defer cancel()
		last = late
	}
	r.deliverAll(last)
	if _, _, unsaid := r.say(last); unsaid != nil {
		r.options.Log.Warn("say how it went", "error", unsaid) // whoever starts it next says it again
	}
	var uncounted error
	if shot.Waiting, uncounted = r.box.Count(); shot.Waiting > 0 {
		err = errors.Join(err, fmt.Errorf("%d run(s) wait for the hub", shot.Waiting))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if wrong := r.wrong(); wrong != "" {
		err = errors.Join(err, errors.New(wrong))
	}
	return shot, errors.Join(err, uncounted)
}

// WriteOnce is Once, with what came of it as a line of JSON.
func (r *Runner) WriteOnce(ctx context.Context, w io.Writer) error {
	shot, err := r.Once(ctx)
	return errors.Join(err, json.NewEncoder(w).Encode(shot))
}

// arrive waits until the hub is reached.
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

// shoot carries out the jobs of the slot of now, one after the other.
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
			r.options.Log.Warn("ask for seats", "error", failed) // each job says that it has none
		}
		if plan.Slot(r.now()).Equal(shot.Slot) { // it did not end meanwhile
			break
		}
	}
	r.mu.Lock()
	unleased := r.failed // why the hub leases none, where it said so
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
