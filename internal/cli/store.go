package cli

import (
	"errors"
	"fmt"

	"rtcbench/bench"
	"rtcbench/internal/archive"
	"rtcbench/internal/commandline/flags"
	"rtcbench/internal/commandline/hints"
	"rtcbench/internal/keep"
	"rtcbench/internal/outbox"
	"rtcbench/internal/report"
	"rtcbench/internal/settings"
	"rtcbench/internal/signals"
	"rtcbench/internal/stores"
)

type storeCmd struct {
	Status storeStatusCmd `cmd:"" help:"Show the stores that are on, and what waits for them."`
	Flush  storeFlushCmd  `cmd:"" help:"Deliver what waits in the outbox."`
	Init   storeInitCmd   `cmd:"" help:"Make the databases and tables that are missing."`
	Check  storeCheckCmd  `cmd:"" help:"Read all that the stores hold, and say what is damaged."`
	Remove storeRemoveCmd `cmd:"" help:"Remove a run from the stores and the outbox."`
}

type storeStatusCmd struct{ flags.StoreGroup }

// Run shows the outbox. It asks no store over the network.
func (cmd *storeStatusCmd) Run(a *app) error {
	c := settings.Check{Sources: a.settings}
	k := cmd.Stores(&c, ours)
	if c.Err != nil {
		return c.Err
	}
	status, err := archive.Status(k.Targets, k.Box)
	if err != nil {
		return err
	}
	return report.WriteStatus(a.stdout, status)
}

type storeFlushCmd struct {
	RetryRejected bool   `name:"retry-rejected" group:"store" help:"Also offer again what a store has refused."`
	Was           string `placeholder:"NAME" group:"store" help:"Deliver what waits for the store of this name, as store status shows it, to the one of its kind that is on."`
	flags.StoreGroup
}

// Run delivers the runs that wait in the outbox.
func (cmd *storeFlushCmd) Run(a *app) error {
	c := settings.Check{Sources: a.settings}
	k := cmd.Stores(&c, ours)
	if c.Err != nil {
		return c.Err
	}
	if cmd.RetryRejected {
		n, err := k.Box.Retry()
		if err != nil {
			return err
		}
		fmt.Fprintf(a.stderr, "%s %s again\n", bench.Many(n, "rejected run"), bench.Form(n, "waits", "wait"))
	}
	courier := k.Courier()
	defer courier.Close()
	if err := cmd.readdress(k, courier); err != nil {
		return err
	}
	out, err := courier.Deliver(a.ctx)
	fmt.Fprintf(a.stdout, "%s delivered, %d %s\n", bench.Many(out.Delivered, "run"), out.Waiting,
		bench.Form(out.Waiting, "waits", "wait"))
	a.tell(keep.Corrections(out))
	left := append(hints.ForAll(k.Failures(out, func(outbox.Failure) bool { return true })), err)
	for _, name := range out.Off {
		left = append(left, fmt.Errorf("runs wait for %s, which is not on: configure it; if the name was a mistake, "+
			"rtcbench store flush --was %q gives them to the store that is on; or import their files in %s into "+
			"another store and remove them",
			name, name, k.Box.Dir()))
	}
	if err := join(left...); err != nil {
		if code, ok := signals.ExitCode(a.ctx); ok {
			return exitError{code, err}
		}
		return exitError{exitNotKept, err}
	}
	return nil
}

// readdress sends the runs that wait for the store --was to the store of the same kind that is on.
func (cmd *storeFlushCmd) readdress(k keep.Stores, courier *outbox.Courier) error {
	if cmd.Was == "" {
		return nil
	}
	switch on, err := k.Readdress(courier, cmd.Was); {
	case errors.Is(err, keep.ErrNoneOrSeveral):
		return usagef("--was %s: exactly one store of its kind has to be on, and %d are: name it with --store",
			stores.Shown(cmd.Was), on)
	case errors.Is(err, keep.ErrNothingWaits):
		return usagef("--was %s: nothing waits for a store of this name; rtcbench store status shows what does",
			stores.Shown(cmd.Was))
	default:
		return err
	}
}

type storeInitCmd struct {
	MemoryHours  string `name:"ts-memory-hours" group:"store" default:"24" placeholder:"24" help:"Timestream: hours in the memory store."`
	MagneticDays string `name:"ts-magnetic-days" group:"store" default:"90" placeholder:"90" help:"Timestream: days in the magnetic store."`
	RunDays      string `name:"postgres-run-days" group:"store" placeholder:"365" help:"PostgreSQL: days for which runs are kept from now on; 0 = for ever, as it is at first."`
	SampleDays   string `name:"postgres-sample-days" group:"store" placeholder:"14" help:"PostgreSQL: days for which their samples are kept; 0 = as long as the runs."`
	flags.StoreGroup
}

// Run makes what is missing.
func (cmd *storeInitCmd) Run(a *app) error {
	c := settings.Check{Sources: a.settings}
	targets := cmd.Targets(&c, ours)
	hours, days := c.Number("ts-memory-hours", cmd.MemoryHours, 1, 8766), c.Number("ts-magnetic-days",
		cmd.MagneticDays, 1, 73000)
	keep := bench.Retention{MemoryHours: hours, MagneticDays: days}
	for _, x := range []struct {
		flag, value string
		to          **int
	}{{"postgres-run-days", cmd.RunDays, &keep.RunDays}, {"postgres-sample-days", cmd.SampleDays, &keep.SampleDays}} {
		if x.value != "" {
			days := c.Number(x.flag, x.value, 0, 36500)
			*x.to = &days
		}
	}
	if c.Err != nil {
		return c.Err
	}
	var errs []error
	for _, t := range targets { // one that fails is no reason to leave the others
		errs = append(errs, a.initStore(t, keep))
	}
	return join(errs...)
}

func (a *app) initStore(t outbox.Target, keep bench.Retention) error {
	made, err := archive.Init(a.ctx, t, keep)
	for _, what := range made {
		fmt.Fprintf(a.stdout, "%s: made %s\n", t.Name, what)
	}
	if err == nil && made == nil {
		fmt.Fprintf(a.stdout, "%s: nothing was missing\n", t.Name)
	}
	return err
}
