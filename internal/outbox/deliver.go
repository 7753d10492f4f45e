package outbox

import (
	"context"
	"errors"
	"fmt"
	"time"

	"rtcbench/bench"
)

// Failure is a run that a store did not take.
type Failure struct {
	RunID, Store string
	Err          error
	Final        bool // it lies in rejected; otherwise it waits for the next time
}

// Outcome is what a delivery did.
type Outcome struct {
	Delivered int // runs that every store has now
	Waiting   int // runs that still wait
	Failures  []Failure
}

// Courier offers runs to stores. Close it.
type Courier struct {
	box     *Outbox
	targets []Target
	timeout time.Duration // for one run and one store
	open    map[string]bench.Store
	down    map[string]error // stores that are not asked again
}

// To makes a courier to targets; each try may take timeout.
func (o *Outbox) To(targets []Target, timeout time.Duration) *Courier {
	return &Courier{o, targets, timeout, map[string]bench.Store{}, map[string]error{}}
}

// Close closes the stores that were opened.
func (c *Courier) Close() error {
	var errs []error
	for _, s := range c.open {
		errs = append(errs, s.Close())
	}
	return errors.Join(errs...)
}

// Deliver offers every run that waits to the stores that do not have it, the one called first before
// all others; "" = the oldest. A store that is away is asked once. It returns by ctx's end.
func (c *Courier) Deliver(ctx context.Context, first string) (out Outcome, err error) {
	list, err := c.box.Waiting()
	if err != nil {
		return out, err
	}
	for i, e := range list {
		if e.Version == version && e.Run.Metadata.RunID == first {
			list[0], list[i] = list[i], list[0]
		}
	}
	for _, e := range list {
		if e.Version != version {
			out.Failures = append(out.Failures, Failure{Err: fmt.Errorf("%s: %s", e.Path, e.Stores[""].Error), Final: true})
			continue
		}
		done, failures, err := c.one(ctx, e)
		out.Failures = append(out.Failures, failures...)
		if err != nil {
			return out, err
		}
		if done {
			out.Delivered++
		} else {
			out.Waiting++
		}
	}
	return out, nil
}

// one reports whether no store misses e any more, or ever will take it.
func (c *Courier) one(ctx context.Context, e Entry) (done bool, failures []Failure, err error) {
	run, readErr := e.Run.Run()
	changed := false
	for _, t := range c.targets {
		wait, waits := e.Stores[t.Name]
		if !waits {
			continue
		}
		saveErr := readErr
		if readErr == nil {
			saveErr = c.offer(ctx, t, run)
		}
		final := readErr != nil || errors.Is(saveErr, bench.ErrRejected)
		if saveErr != nil {
			failures = append(failures, Failure{run.ID, t.Name, saveErr, final})
		}
		switch {
		case saveErr == nil:
			delete(e.Stores, t.Name)
		case final:
			if err := c.box.reject(e, t.Name, saveErr); err != nil {
				return false, failures, err
			}
			delete(e.Stores, t.Name)
		case wait.Error == saveErr.Error() && wait.Tries > 0: // not worth a write
			continue
		default:
			e.Stores[t.Name] = Wait{wait.Tries + 1, saveErr.Error(), time.Now().UTC()}
		}
		changed = true
	}
	if len(e.Stores) == 0 {
		return true, failures, remove(e.Path)
	}
	if !changed {
		return false, failures, nil
	}
	return false, failures, e.save()
}

// offer saves run in t's store, unless that is known to be away.
func (c *Courier) offer(ctx context.Context, t Target, run bench.Run) (err error) {
	if err := c.down[t.Name]; err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, c.timeout, fmt.Errorf("%s did not answer within %v", t.Name, c.timeout))
	defer cancel()
	s := c.open[t.Name]
	if s == nil {
		if s, err = t.Open(ctx); err != nil {
			c.down[t.Name] = err
			return err
		}
		c.open[t.Name] = s
	}
	err = s.Save(ctx, run)
	if err != nil && ctx.Err() != nil && !errors.Is(err, bench.ErrRejected) {
		err = context.Cause(ctx)
	}
	if err != nil && !errors.Is(err, bench.ErrRejected) {
		c.down[t.Name] = err
	}
	return err
}
