package outbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
	"time"

	"rtcbench/bench"
)

// waiting groups the names in stores by target. Names without a target are left out.
func (c *Courier) waiting(stores map[string]Wait) [][]string {
	list := make([][]string, len(c.targets))
	for name := range stores {
		if t := c.target(name); t >= 0 {
			list[t] = append(list[t], name)
		}
	}
	return list
}

// offer is a run that is offered to a target.
type offer struct {
	run    string // its ID
	target int
}

// failure is what became of an offer.
type failure struct {
	times int
	err   error // of the last time
}

// maxTimes is how often a Courier offers a run at which the target fails. What an import's first file met may be over
// with the next one.
const maxTimes = 2

// vain is why it would be in vain to offer a run to target t now: the store is away, or failed at this run maxTimes.
// nil = the run can be offered.
func (c *Courier) vain(run string, t int) error {
	if err := c.down[t]; err != nil {
		return err
	}
	if f := c.failed[offer{run, t}]; f.times >= maxTimes {
		return f.err
	}
	return nil
}

// offer saves the run of d in a target's store.
func (c *Courier) offer(ctx context.Context, t int, d *document) (err error) {
	defer func() {
		if err != nil {
			err = Nameless(c.targets[t].Name, err)
		}
		if c.down[t] != nil {
			c.down[t] = err
		} else if err != nil && !errors.Is(err, bench.ErrRejected) {
			o := offer{d.RunID, t}
			c.failed[o] = failure{c.failed[o].times + 1, err}
		}
	}()
	whole := ctx
	ctx, cancel := context.WithTimeoutCause(ctx, c.timeout, fmt.Errorf("it did not answer within %v", c.timeout))
	defer cancel()
	s := c.open[t]
	if s == nil {
		if s, err = c.targets[t].Open(ctx); err != nil {
			c.down[t] = err
			return err
		}
		c.open[t] = s
	}
	err = d.saveTo(ctx, s)
	if c.took[t] && ctx.Err() == nil && cut(err) {
		err = atThisRun{err}
	}
	switch {
	case err == nil:
		if !c.took[t] {
			c.took[t] = true
			c.box.took(c.targets[t].Name)
		}
		c.inRow[t] = 0
		return nil
	case errors.Is(err, bench.ErrRejected):
		return err
	case errors.Is(err, bench.ErrFailed) && whole.Err() == nil:
		if c.inRow[t]++; c.inRow[t] < maxInRow {
			return err
		}
	}
	if ctx.Err() != nil {
		if err == ctx.Err() {
			err = context.Cause(ctx)
		} else { // err has the details
			err = fmt.Errorf("%w: %w", context.Cause(ctx), err)
		}
	}
	if c.took[t] && ctx.Err() != nil && whole.Err() == nil {
		err = atThisRun{err}
	}
	c.down[t] = err
	return err
}

// cut reports whether the store, or a proxy before it, closed the connection without an answer. A server that some run
// makes crash does so, and a proxy to which a run is too large.
func cut(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, io.EOF) ||
		errors.Is(err, io.ErrUnexpectedEOF)
}

// atThisRun is the error of a store that took another run in this delivery and gave no answer at this one. It wraps
// bench.ErrFailed.
type atThisRun struct{ error }

func (e atThisRun) Unwrap() []error { return []error{bench.ErrFailed, e.error} }

// Nameless is err without the name of the store in its text, for messages that name the store themselves.
func Nameless(store string, err error) error { return nameless{err, store} }

type nameless struct {
	error
	store string
}

func (n nameless) Error() string { return strings.ReplaceAll(n.error.Error(), n.store+": ", "") }

func (n nameless) Unwrap() error { return n.error }

// fault notes that a store failed at this run after taking others. final says that the store counts as refusing the
// run.
func (d *document) fault(names []string, why error) (err error, final bool) {
	now := time.Now().UTC()
	for _, name := range names {
		w := d.Stores[name]
		w.Faults++
		w.Since = cmp.Or(w.Since, now)
		if w.Faults >= maxFaults && now.Sub(w.Since) >= faultTime {
			why, final = fmt.Errorf("it failed at this run %d times in %v and took others: %w", w.Faults,
				now.Sub(w.Since).Round(time.Minute), why), true
		}
		d.Stores[name] = w
	}
	return why, final
}
