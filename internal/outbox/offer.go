package outbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
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

// offer saves the run of d in a target's store. If the store is known to be away, it is not asked.
func (c *Courier) offer(ctx context.Context, t int, d *document) (asked bool, err error) {
	if err := c.down[t]; err != nil {
		return false, err
	}
	defer func() {
		if err != nil {
			err = Nameless(c.targets[t].Name, err)
		}
		if c.down[t] != nil {
			c.down[t] = err
		}
	}()
	whole := ctx
	ctx, cancel := context.WithTimeoutCause(ctx, c.timeout, fmt.Errorf("it did not answer within %v", c.timeout))
	defer cancel()
	s := c.open[t]
	if s == nil {
		if s, err = c.targets[t].Open(ctx); err != nil {
			c.down[t] = err
			return true, err
		}
		c.open[t] = s
	}
	err = d.saveTo(ctx, s)
	switch {
	case err == nil:
		if !c.took[t] {
			c.took[t] = true
			c.box.took(c.targets[t].Name)
		}
		c.inRow[t] = 0
		return true, nil
	case errors.Is(err, bench.ErrRejected):
		return true, err
	case errors.Is(err, bench.ErrFailed) && whole.Err() == nil:
		if c.inRow[t]++; c.inRow[t] < maxInRow {
			return true, err
		}
	}
	if ctx.Err() != nil {
		if err == ctx.Err() {
			err = context.Cause(ctx)
		} else { // err has the details
			err = fmt.Errorf("%w: %w", context.Cause(ctx), err)
		}
	}
	c.down[t] = err
	return true, err
}

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
