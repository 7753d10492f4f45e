package cli

import (
	"cmp"
	"fmt"
	"io"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/archive"
	"rtcbench/internal/commandline/flags"
	"rtcbench/internal/commandline/hints"
	"rtcbench/internal/keep"
	"rtcbench/internal/settings"
	"rtcbench/internal/signals"
	"rtcbench/internal/stores"
)

type exportCmd struct {
	Output string `short:"o" group:"out" default:"-" placeholder:"FILE" help:"Where to; - = standard output." completion-predictor:"file"`
	flags.FilterGroup
	flags.StoreGroup
}

// Help is shown by --help below the flags' summary.
func (exportCmd) Help() string {
	return `Writes the runs of a store, with their samples, as lines of JSON: each line is a result file, as ` +
		`--output writes it. rtcbench import reads them into any other store.

A run that cannot be read is named and left out; the exit code is 4 then.

Example:

  rtcbench export --since 7d -o week.jsonl`
}

// Run writes the runs.
func (cmd *exportCmd) Run(a *app) (done error) {
	whole := true // what is written is what the store has
	c := settings.Check{Sources: a.settings}
	q := cmd.Query(&c, time.Now())
	to := flags.File{Flag: "output", Path: cmd.Output, As: flags.Result}
	if err := cmp.Or(c.Err, flags.Writable(&c, keep.Stores{}, nil, to)); err != nil {
		return err
	}
	store, err := cmd.First(a.ctx, a.settings, ours)
	if err != nil {
		return err
	}
	defer store.Close()
	var w io.Writer = a.stdout
	if cmd.Output != "-" {
		if stores.IsFile(cmd.Output, store) {
			return usagef("--output %q: that is the store itself", cmd.Output)
		}
		f, err := keep.NewReplacement(a.ctx, cmd.Output)
		if err != nil {
			return usagef("--output %q: %w", cmd.Output, err)
		}
		defer func() {
			if err := f.End(whole); err != nil {
				done = join(done, err)
			}
		}()
		w = f
	}
	defer signals.WithLittleMemory()()
	e := archive.Export(a.ctx, store, q, w)
	whole = e.Failed == nil
	failed := []error{e.Failed}
	if whole || cmd.Output == "-" {
		fmt.Fprintf(a.stderr, "%s written\n", bench.Many(e.Runs, "run"))
	} else { // what was in the file before is worth more than a part
		failed = append(failed, fmt.Errorf("nothing was written to %s", cmd.Output))
	}
	bad := hints.ForAll(e.Bad)
	switch err := join(append(failed, bad...)...); {
	case err == nil || !whole:
		return err
	default:
		return exitError{exitNotKept, err}
	}
}
