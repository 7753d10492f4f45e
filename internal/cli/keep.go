package cli

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"rtcbench/bench"
	"rtcbench/internal/keep"
	"rtcbench/internal/outbox"
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

func allAdvised(errs []error) []error {
	var list []error
	for _, err := range errs {
		list = append(list, advised(err))
	}
	return list
}

// advised is err with what a user can do about it: lower floors know no commands and no flags.
func advised(err error) error {
	var refused *keep.Refused
	var waiting *keep.Waiting
	var noRoom *keep.NoRoom
	var stuck *keep.Stuck
	switch {
	case errors.As(err, &refused), errors.As(err, &waiting) && waiting.Older:
		return fmt.Errorf("%w (rtcbench store status)", err)
	case errors.As(err, &waiting):
		return fmt.Errorf("%w (rtcbench store flush delivers)", err)
	case errors.As(err, &noRoom):
		return withoutRoom(noRoom)
	case errors.As(err, &stuck):
		return fmt.Errorf("%w%s", err, makeRoom(err))
	}
	return err
}

func makeRoom(err error) string {
	if errors.Is(err, outbox.ErrFull) {
		return "; see rtcbench store status, and deliver with rtcbench store flush"
	}
	return ""
}

func withoutRoom(e *keep.NoRoom) error {
	note := makeRoom(e.Err)
	for _, f := range e.Fates {
		if f.Err != nil {
			note += fmt.Sprintf("; %s did not take it either: %v", f.Store, f.Err)
		} else {
			note += "; " + f.Store + " has it"
		}
	}
	switch {
	case e.Where != "":
		note += "; it is in " + e.Where + " (rtcbench import)"
	case e.Gone != nil:
		note += fmt.Sprintf("; the folder for temporary files did not take it either: %v", e.Gone)
	}
	return fmt.Errorf("%w%s", e, note)
}
