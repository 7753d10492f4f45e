package outbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
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
	Off       []string // stores that runs wait for and that were not among the targets, sorted
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

// Deliver offers every run that waits to the stores that do not have it: those called first before all others,
// then those that were tried least, so that none which a store cannot digest stands before the rest; among equals the oldest. A store
// that is away is asked once. What cannot be noted in the outbox, as on a full disk, is an error, and the rest goes on: at worst
// a store is offered again what it has. Deliver returns by ctx's end.
func (c *Courier) Deliver(ctx context.Context, first ...string) (out Outcome, err error) {
	list, err := c.box.Waiting()
	if err != nil {
		return out, err
	}
	slices.SortStableFunc(list, func(a, b Entry) int { return cmp.Compare(c.turn(a, first), c.turn(b, first)) })
	var errs []error
	for _, e := range list {
		d := document{path: e.Path}
		var unread error
		switch {
		case e.unread != nil:
			unread = e.unread
		case c.allAway(e):
			for _, name := range e.Names() {
				if err := c.down[name]; err != nil {
					out.Failures = append(out.Failures, Failure{e.Run.Metadata.RunID, name, err, false})
				}
			}
			c.stays(&out, e.Stores)
			continue
		default:
			_, unread = read(e.Path, &d, &d.Version)
		}
		if errors.Is(unread, fs.ErrNotExist) { // delivered meanwhile
			continue
		}
		if unread != nil {
			where := e.Path
			if errors.Is(unread, errDamaged) {
				if err := c.box.setAside(e.Path); err != nil {
					errs = append(errs, err)
				} else {
					where += ", now in " + c.box.rejected()
				}
			}
			final := errors.Is(unread, errDamaged) || errors.Is(unread, errNewer)
			if !final {
				out.Waiting++
			}
			out.Failures = append(out.Failures, Failure{Err: fmt.Errorf("%s: %w", where, unread), Final: final})
			continue
		}
		done, failures, err := c.one(ctx, d)
		out.Failures = append(out.Failures, failures...)
		if err != nil {
			errs = append(errs, err)
		}
		if done {
			out.Delivered++
		} else {
			c.stays(&out, d.Stores)
		}
	}
	slices.Sort(out.Off)
	return out, errors.Join(errs...)
}

// stays counts a run that still waits for stores.
func (c *Courier) stays(out *Outcome, stores map[string]Wait) {
	out.Waiting++
	for name := range stores {
		if !slices.Contains(out.Off, name) && !slices.ContainsFunc(c.targets, func(t Target) bool { return t.Name == name }) {
			out.Off = append(out.Off, name)
		}
	}
}

// allAway reports whether e waits for stores of which none can be asked: its file need not be read.
func (c *Courier) allAway(e Entry) bool {
	return len(e.Stores) > 0 && !slices.ContainsFunc(c.targets, func(t Target) bool {
		_, waits := e.Stores[t.Name]
		return waits && c.down[t.Name] == nil
	})
}

// turn orders entries: the smallest comes first.
func (c *Courier) turn(e Entry, first []string) (tries int) {
	if e.Version == version && slices.Contains(first, e.Run.Metadata.RunID) {
		return -1
	}
	for _, t := range c.targets {
		tries = max(tries, e.Stores[t.Name].Tries)
	}
	return tries
}

// one reports whether no store misses d any more, or ever will take it. An error says that the outbox could not be changed.
func (c *Courier) one(ctx context.Context, d document) (done bool, failures []Failure, err error) {
	run, readErr := d.Run.Run()
	changed := false
	var errs []error
	for _, t := range c.targets {
		wait, waits := d.Stores[t.Name]
		if !waits {
			continue
		}
		saveErr, asked := readErr, true
		if readErr == nil {
			asked, saveErr = c.offer(ctx, t, run)
		}
		final := readErr != nil || errors.Is(saveErr, bench.ErrRejected)
		if saveErr != nil {
			failures = append(failures, Failure{d.Run.Metadata.RunID, t.Name, saveErr, final})
		}
		switch {
		case saveErr == nil:
			delete(d.Stores, t.Name)
		case final:
			if err := c.box.reject(d, t.Name, saveErr); err != nil {
				errs = append(errs, err) // it goes on waiting
				continue
			}
			delete(d.Stores, t.Name)
		case !asked:
			continue
		default:
			d.Stores[t.Name] = Wait{wait.Tries + 1, saveErr.Error(), time.Now().UTC()}
		}
		changed = true
	}
	switch {
	case len(d.Stores) == 0:
		done, err = true, remove(d.path)
	case changed:
		err = d.save()
	}
	return done, failures, errors.Join(append(errs, err)...)
}

// offer saves run in t's store, unless that is known to be away: then it was not asked.
func (c *Courier) offer(ctx context.Context, t Target, run bench.Run) (asked bool, err error) {
	if err := c.down[t.Name]; err != nil {
		return false, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, c.timeout, fmt.Errorf("%s did not answer within %v", t.Name, c.timeout))
	defer cancel()
	s := c.open[t.Name]
	if s == nil {
		if s, err = t.Open(ctx); err != nil {
			c.down[t.Name] = err
			return true, err
		}
		c.open[t.Name] = s
	}
	err = s.Save(ctx, run)
	if err == nil || errors.Is(err, bench.ErrRejected) {
		return true, err
	}
	if ctx.Err() != nil {
		if err == ctx.Err() {
			err = context.Cause(ctx)
		} else { // it says why, as that the last try found nobody
			err = fmt.Errorf("%w: %w", context.Cause(ctx), err)
		}
	}
	c.down[t.Name] = err
	return true, err
}
