package archive

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"rtcbench/bench"
	"rtcbench/internal/outbox"
	"rtcbench/internal/report"
)

// Init makes what a store needs before it takes runs, such as its tables. made are the names of what was made.
func Init(ctx context.Context, t outbox.Target, keep bench.Retention) (made []string, err error) {
	s, err := t.Open(ctx)
	if err != nil {
		return nil, err
	}
	if m, ok := s.(bench.Maker); ok {
		made, err = m.Init(ctx, keep)
	}
	return made, errors.Join(err, s.Close())
}

// Check reads all runs of s with their samples. runs is how many can be read; errs says what cannot.
func Check(ctx context.Context, s bench.Store) (runs int, errs []error) {
	if whole, ok := s.(bench.Checker); ok {
		if err := whole.Check(ctx); err != nil {
			errs = append(errs, err)
		}
	}
	for r, err := range s.Runs(ctx, bench.Query{Samples: true}) {
		if err == nil {
			runs++
		} else {
			errs = append(errs, ofStore(r, err))
		}
	}
	return runs, errs
}

// Places are all places where a run may be kept: the stores, and the outbox.
type Places struct {
	Targets []outbox.Target
	Box     *outbox.Outbox // nil = there is none
}

// Find is the whole ID of the only run that text names; text itself if no run fits. A whole ID is returned without
// asking any store. away are the errors of stores that could not be asked.
func (p Places) Find(ctx context.Context, text string) (id string, away []error, err error) {
	const whole = 36 // characters of a UUID (RFC 9562, section 4)
	if len(text) == whole {
		return strings.ToLower(text), nil, nil
	}
	if len(text) < leastOfID {
		return "", nil, ErrTooShort
	}
	found := map[string]bool{}
	for _, t := range p.Targets {
		if !Exists(t) {
			continue
		}
		ids, err := calledIn(ctx, t, text)
		if err != nil {
			away = append(away, err)
		}
		for _, id := range ids {
			found[id] = true
		}
	}
	if p.Box != nil {
		files, err := p.Box.Files()
		if err != nil {
			return "", away, err
		}
		for id := range files {
			if Called(id, text) {
				found[id] = true
			}
		}
	}
	if len(found) > 1 {
		return "", away, &Several{text, len(found)}
	}
	for id := range found {
		return id, away, nil
	}
	return text, away, nil
}

// Several says that a part of an ID fits more than one run in all places together.
type Several struct {
	Asked string
	Runs  int
}

func (e *Several) Error() string { return fmt.Sprintf("%d runs are called %q", e.Runs, e.Asked) }

func calledIn(ctx context.Context, t outbox.Target, text string) ([]string, error) {
	s, err := Open(ctx, t)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	return called(ctx, s, text)
}

// Remove removes the run with this ID everywhere. removed has a line for each place that had the run.
func (p Places) Remove(ctx context.Context, id string) (removed []string, errs []error) {
	for _, t := range p.Targets {
		if !Exists(t) {
			continue
		}
		there, err := fromStore(ctx, t, id)
		if err != nil {
			errs = append(errs, err)
		} else if there {
			removed = append(removed, fmt.Sprintf("%s: removed run %s", t.Name, id))
		}
	}
	if p.Box == nil {
		return removed, errs
	}
	files, err := p.Box.Remove(id)
	if err != nil {
		errs = append(errs, fmt.Errorf("remove run %s from the outbox: %w", id, err))
	}
	for _, path := range files {
		removed = append(removed, "outbox: removed "+path)
	}
	return removed, errs
}

var errKeeps = errors.New("this kind of store deletes nothing: the retention of its table does")

func fromStore(ctx context.Context, t outbox.Target, id string) (there bool, err error) {
	s, err := t.Open(ctx)
	if err != nil {
		return false, err
	}
	defer s.Close()
	if from, ok := s.(bench.Remover); ok {
		return from.Remove(ctx, id)
	}
	for run, unread := range s.Runs(ctx, bench.Query{ID: id}) {
		if run.ID == id {
			unread = errKeeps
		}
		if unread != nil {
			err = fmt.Errorf("%s: remove run %s: %w", t.Name, id, unread)
		}
	}
	return false, err
}

// Status is which stores are configured and which runs wait for them. It opens no store.
func Status(targets []outbox.Target, box *outbox.Outbox) (report.Status, error) {
	s := report.Status{Stores: []string{}, Outbox: box.Dir()}
	for _, t := range targets {
		s.Stores = append(s.Stores, t.Name)
	}
	courier := box.To(targets, 0) // opens no store by itself
	waiting, err := courier.Waiting(mostShown)
	if err != nil {
		return s, err
	}
	rejected, err := courier.Rejected(mostShown)
	if err != nil {
		return s, err
	}
	s.Waiting, s.Rejected = queue(courier, waiting), queue(courier, rejected)
	return s, nil
}

// mostShown is how many runs of each queue a status lists one by one.
const mostShown = 50

func queue(courier *outbox.Courier, v outbox.Overview) report.Queue {
	q := report.Queue{Runs: v.Runs, Bytes: v.Bytes, For: map[string]int{}, Oldest: rows(courier, v.Oldest)}
	for name, n := range v.For {
		if store, ok := courier.For(name); ok {
			name = store
		}
		q.For[name] += n
	}
	return q
}

func rows(courier *outbox.Courier, list []outbox.Entry) (out []report.Waiting) {
	for _, e := range list {
		for _, name := range e.Names() {
			w := e.Stores[name]
			if store, ok := courier.For(name); ok {
				name = store
			}
			out = append(out, report.Waiting{
				RunID: e.RunID, File: e.Path, Ended: e.Ended, Store: name, Tries: w.Tries, Error: w.Error,
			})
		}
	}
	return out
}
