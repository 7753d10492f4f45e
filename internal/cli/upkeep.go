package cli

import (
	"fmt"
	"strings"

	"rtcbench/bench"
	"rtcbench/internal/archive"
	"rtcbench/internal/commandline/flags"
	"rtcbench/internal/commandline/hints"
	"rtcbench/internal/keep"
	"rtcbench/internal/outbox"
	"rtcbench/internal/settings"
)

type storeCheckCmd struct{ flags.StoreGroup }

// Help is shown by --help below the flags' summary.
func (storeCheckCmd) Help() string {
	return `Reads every run of every store that is on, with its samples, and names each that cannot be read.
Of the SQLite file it reads all pages, and holds its sums against the runs. It changes nothing.

The exit code is 0 when all is well, and 1 when something is not.`
}

// Run checks one store after the other. A store that cannot be reached does not keep the others from being checked.
func (cmd *storeCheckCmd) Run(a *app) error {
	c := settings.Check{Sources: a.settings}
	targets := cmd.Targets(&c, ours)
	if c.Err != nil {
		return c.Err
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
	s, err := flags.OpenToRead(a.ctx, t)
	if err != nil {
		return err
	}
	defer s.Close()
	n, errs := archive.Check(a.ctx, s)
	well := ""
	if len(errs) == 0 {
		well = "; nothing is wrong"
	}
	fmt.Fprintf(a.stdout, "%s: %s can be read%s\n", t.Name, bench.Many(n, "run"), well)
	return join(hints.ForAll(errs)...)
}

type storeRemoveCmd struct {
	RunID string `arg:"" name:"run" help:"ID of the run, or the beginning or end of it."`
	flags.StoreGroup
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
	c := settings.Check{Sources: a.settings}
	p := archive.Places{Targets: cmd.Targets(&c, ours)}
	if c.Err != nil {
		return c.Err
	}
	// Where there is no folder for data nothing waits.
	if c := (settings.Check{Sources: a.settings}); len(p.Targets) > 0 {
		if k := cmd.Stores(&c, ours); c.Err == nil {
			p.Box = k.Box
		}
	}
	id, away, err := p.Find(a.ctx, cmd.RunID)
	if err != nil {
		return hints.Called(cmd.RunID, err)
	}
	removed, errs := p.Remove(a.ctx, id)
	for _, line := range removed {
		fmt.Fprintln(a.stdout, line)
	}
	switch err := join(hints.ForAll(append(away, errs...))...); {
	case err != nil:
		return exitError{exitNotKept, err}
	case len(removed) == 0:
		places := strings.Join(keep.Stores{Targets: p.Targets}.Names(), ", ")
		return fmt.Errorf("there is no run %s in %s, and none waits", settings.ShownID(cmd.RunID), places)
	}
	return nil
}
