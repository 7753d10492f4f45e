package cli

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"rtcbench/bench"
	"rtcbench/internal/keep"
	"rtcbench/internal/report"
	"rtcbench/internal/result"
)

// keeper is where the runs of a command go.
type keeper = keep.Stores

// finish hands a run to everybody who is to have it, and says how the command ended. runErr is why the run ended early,
// if it did.
func (f outputFlags) finish(a *app, run bench.Run, runErr error, limits limitFlags, stores keeper) error {
	d, runErr := f.whole(run, runErr, limits)
	m := keep.Measured{Runs: []*result.Document{d}, Write: d.Write}
	if runErr != nil {
		m.Early = []error{runErr}
	}
	return f.keep(a, m, limits, stores, func(w io.Writer) error { return report.WriteText(w, d.Record) }, func(bench.Record) string { return "" })
}

// finishBoth is finish for one run on each platform, as far as there are runs.
func (cmd *bothCmd) finishBoth(a *app, runs map[string]*bench.Run, errs map[string]error, stores keeper) error {
	var m keep.Measured
	documents, reasons := map[string]*result.Document{}, map[string]string{}
	for _, name := range []string{"daily", "livekit"} {
		err := errs[name]
		if run := runs[name]; run != nil {
			run.Location = cmd.Location
			loadFloors().put(run)
			documents[name], err = cmd.whole(*run, err, cmd.limitFlags)
			m.Runs = append(m.Runs, documents[name])
		}
		if err != nil {
			m.Early = append(m.Early, fmt.Errorf("%s: %w", name, err))
			reasons[name] = err.Error()
		}
	}
	daily, livekit := documents["daily"], documents["livekit"]
	if len(m.Runs) == 0 {
		return a.stopped(join(m.Early...))
	}
	m.Write = func(w io.Writer) error { return report.WriteBothJSON(w, daily, livekit, reasons) }
	table := func(w io.Writer) error {
		if len(m.Runs) == 1 {
			return report.WriteText(w, m.Runs[0].Record)
		}
		return report.WriteBothText(w, daily.Record, livekit.Record)
	}
	return cmd.keep(a, m, cmd.limitFlags, stores, table, func(r bench.Record) string { return r.Platform + ": " })
}

// whole is a run with what the command knows of it, and summed up. A run without one answer has failed.
func (f outputFlags) whole(run bench.Run, err error, limits limitFlags) (*result.Document, error) {
	if err == nil && run.Counts.Answered == 0 {
		err = fmt.Errorf("not one of %d pings was answered within %v", run.Counts.Settled(), run.Plan.Timeout)
	}
	run.Tool, run.Asked = bench.Tool(version()), limits.limits().Asked()
	run.Place()
	if !f.ShowAddresses {
		result.HideAddresses(run.Facts.ICE)
	}
	return result.NewDocument(bench.NewRecord(run)), err
}

// keep hands m to everybody. of stands before what is said of the limits of one run.
func (f outputFlags) keep(a *app, m keep.Measured, limits limitFlags, stores keeper, table func(io.Writer) error, of func(bench.Record) string) error {
	k := keep.Keeper{Took: a.took, Output: keep.Output{Path: f.Output, Stdout: a.stdout}, Stores: stores, Limits: limits.limits()}
	if !f.Quiet {
		k.Table = func() error {
			if f.Output == "-" {
				return table(a.stderr)
			}
			return table(a.stdout)
		}
	}
	o := k.Keep(a.ctx, m)
	if o.Delivered > 0 {
		fmt.Fprintf(a.stderr, "delivered %d runs, with those that had waited\n", o.Delivered)
	}
	a.tell(o.Older)
	return a.ended(o, join(limits.texts(o.Broken, of)...))
}

// tell writes lines about what is no error of this command.
func (a *app) tell(errs []error) {
	for _, err := range errs {
		fmt.Fprintln(a.stderr, report.Printable(advised(err).Error()))
	}
}

// ended is how a command that measured has ended.
func (a *app) ended(o keep.Outcome, broken error) error {
	kept := join(allAdvised(o.Unkept)...)
	code, stoppedBySignal := stopCode(a.ctx)
	switch {
	case stoppedBySignal:
		return exitError{code, join(kept, broken)}
	case len(o.Early) > 0:
		return exitError{exitFailed, alsoUnkept(join(join(o.Early...), kept, broken), kept)}
	case kept != nil:
		return exitError{exitNotKept, join(kept, broken)}
	case broken != nil:
		return exitError{exitLimitBroken, broken}
	}
	return nil
}

// join is all the errors on lines of their own; nil = there are none.
func join(errs ...error) error {
	var lines []string
	for _, err := range errs {
		if err != nil {
			lines = append(lines, err.Error())
		}
	}
	if lines == nil {
		return nil
	}
	return errors.New(strings.Join(lines, "\nrtcbench: "))
}
