package cli

import (
	"errors"
	"fmt"
	"strings"

	"rtcbench/bench"
	"rtcbench/internal/outbox"
)

type storeCheckCmd struct{ storeFlags }

// Help is shown by --help below the flags' summary.
func (storeCheckCmd) Help() string {
	return `Reads every run of every store that is on, with its samples, and names each that cannot be read.
Of the SQLite file it reads all pages, and holds its sums against the runs. It changes nothing.

The exit code is 0 when all is well, and 1 when something is not.`
}

// Run checks one store after the other; one that is away does not keep the others.
func (cmd *storeCheckCmd) Run(a *app) error {
	c := check{settings: a.settings}
	targets := cmd.targets(&c)
	if c.err != nil {
		return c.err
	}
	if len(targets) == 0 {
		return usagef("--store none: there is nothing to check")
	}
	var errs []error
	for _, t := range targets {
		errs = append(errs, a.checkStore(t))
	}
	return join(errs...)
}

func (a *app) checkStore(t outbox.Target) error {
	s, err := a.openToRead(t)
	if err != nil {
		return err
	}
	defer s.Close()
	var errs []error
	if whole, ok := s.(bench.Checker); ok {
		if err := whole.Check(a.ctx); err != nil {
			errs = append(errs, err)
		}
	}
	n := 0
	for r, err := range s.Runs(a.ctx, bench.Query{Samples: true}) {
		if err == nil {
			n++
		} else {
			errs = append(errs, unreadable(r, err))
		}
	}
	well := ""
	if len(errs) == 0 {
		well = "; nothing is wrong"
	}
	fmt.Fprintf(a.stdout, "%s: %d run(s) can be read%s\n", t.Name, n, well)
	return join(errs...)
}

// unreadable is an error of a run that is left out, with what to do.
func unreadable(r bench.Run, err error) error {
	if r.ID == "" {
		return err
	}
	return fmt.Errorf("%w; it is left out (to be rid of it: rtcbench store remove %s)", err, r.ID)
}

type storeRemoveCmd struct {
	RunID string `arg:"" name:"run" help:"ID of the run, or the beginning or end of it."`
	storeFlags
}

// Help is shown by --help below the flags' summary.
func (storeRemoveCmd) Help() string {
	return `Removes a run from every store that is on, and from the outbox: what waits of it, and what was rejected.
It asks nothing, and says what it removed. A run that cannot be read is removed, too.

The exit code is 0 when the run is gone, 1 when it was nowhere, and 4 when a store could not remove it.

Example:

  rtcbench store remove 3eba4b1c`
}

// Run removes the run wherever it is.
func (cmd *storeRemoveCmd) Run(a *app) error {
	c := check{settings: a.settings}
	r := remover{app: a, targets: cmd.targets(&c)}
	if c.err != nil {
		return c.err
	}
	// Where there is no folder for data nothing waits.
	if c := (check{settings: a.settings}); len(r.targets) > 0 {
		if k := cmd.keeper(&c); c.err == nil {
			r.box = k.Box
		}
	}
	id, err := r.find(cmd.RunID)
	if err != nil {
		return err
	}
	for _, t := range r.targets {
		if exists(t) {
			r.fromStore(t, id)
		}
	}
	r.fromOutbox(id)
	switch err := join(r.errs...); {
	case err != nil:
		return exitError{exitNotKept, err}
	case !r.removed:
		return fmt.Errorf("there is no run %q in %s, and none waits", cmd.RunID, r.places())
	}
	return nil
}

// remover removes one run.
type remover struct {
	*app
	targets []outbox.Target
	box     *outbox.Outbox // nil = there is none
	removed bool
	errs    []error
}

func (r *remover) places() string {
	var names []string
	for _, t := range r.targets {
		names = append(names, t.Name)
	}
	return strings.Join(names, ", ")
}

// find is the whole ID of the run that is called so. Who gives a whole one asks for no list of runs.
func (r *remover) find(text string) (string, error) {
	const whole = 36 // characters of a UUID (RFC 9562, section 4)
	if len(text) == whole {
		return strings.ToLower(text), nil
	}
	if len(text) < leastOfID {
		return "", tooLittle(text)
	}
	found := map[string]bool{}
	for _, t := range r.targets {
		if !exists(t) {
			continue
		}
		ids, err := r.listed(t, text)
		if err != nil {
			r.errs = append(r.errs, err)
		}
		for _, id := range ids {
			found[id] = true
		}
	}
	if r.box != nil {
		files, err := r.box.Files()
		if err != nil {
			return "", err
		}
		for id := range files {
			if isCalled(id, text) {
				found[id] = true
			}
		}
	}
	if len(found) > 1 {
		return "", fmt.Errorf("%d runs are called %q: give more of the ID", len(found), text)
	}
	for id := range found {
		return id, nil
	}
	return text, nil
}

func (r *remover) listed(t outbox.Target, text string) ([]string, error) {
	s, err := r.openToRead(t)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	return called(r.ctx, s, text)
}

func (r *remover) fromStore(t outbox.Target, id string) {
	s, err := t.Open(r.ctx)
	if err != nil {
		r.errs = append(r.errs, err)
		return
	}
	defer s.Close()
	there := false
	if from, ok := s.(bench.Remover); ok {
		there, err = from.Remove(r.ctx, id)
	} else {
		for run, unread := range s.Runs(r.ctx, bench.Query{ID: id}) {
			if run.ID == id {
				unread = errors.New("this kind of store deletes nothing: the retention of its table does")
			}
			if unread != nil {
				err = fmt.Errorf("%s: remove run %s: %w", t.Name, id, unread)
			}
		}
	}
	if err != nil {
		r.errs = append(r.errs, err)
	} else if there {
		r.tell("%s: removed run %s", t.Name, id)
	}
}

func (r *remover) fromOutbox(id string) {
	if r.box == nil {
		return
	}
	files, err := r.box.Remove(id)
	if err != nil {
		r.errs = append(r.errs, fmt.Errorf("remove run %s from the outbox: %w", id, err))
	}
	for _, path := range files {
		r.tell("outbox: removed %s", path)
	}
}

func (r *remover) tell(format string, args ...any) {
	r.removed = true
	fmt.Fprintf(r.stdout, format+"\n", args...)
}
