package cli

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"rtcbench/bench"
	"rtcbench/internal/commandline/hints"
	"rtcbench/internal/keep"
	"rtcbench/internal/platform/daily"
	"rtcbench/internal/platform/livekit"
	"rtcbench/internal/report"
	"rtcbench/internal/result"
	"rtcbench/internal/signals"
)

// finish hands what was measured to everybody who is to have it, and says how the command ended. failed says why a run
// ended early, or was never begun.
func (a *app) finish(f keepFlags, measured []bench.Run, failed []error, stores keep.Stores) error {
	m, reasons := keep.Gather(measured, failed)
	if len(m.Runs) == 0 {
		return a.stopped(join(m.Early...))
	}
	one := len(measured) == 1
	documents := map[string]*result.Document{}
	for _, r := range m.Runs {
		documents[r.Platform] = r
	}
	first, second := documents[daily.Platform.Name], documents[livekit.Platform.Name]
	m.Write = func(w io.Writer) error { return report.WriteBothJSON(w, first, second, reasons) }
	table := func(w io.Writer) error {
		if len(m.Runs) == 1 {
			return f.Table().Write(w, m.Runs[0].Record)
		}
		return f.Table().WriteBoth(w, first.Record, second.Record)
	}
	of := func(r bench.Record) string { return r.Platform + ": " }
	if one {
		m.Write = m.Runs[0].Write
		of = func(bench.Record) string { return "" }
	}
	return a.hand(f, m, stores, table, of)
}

// hand gives m to everybody who is to have it: stores, the output file, the table. of gives the words that stand before
// what is said of the limits of one run.
func (a *app) hand(f keepFlags, m keep.Measured, stores keep.Stores, table func(io.Writer) error,
	of func(bench.Record) string) error {
	to := keep.Recipients{Took: a.took, Output: keep.Output{Path: f.Output, Stdout: a.stdout}, Stores: stores,
		Limits: f.Limits()}
	if !f.Quiet {
		to.Table = func() error {
			if f.Output == "-" {
				return table(a.stderr)
			}
			return table(a.stdout)
		}
	}
	o := to.Keep(a.ctx, m)
	if o.Delivered > 0 {
		fmt.Fprintf(a.stderr, "delivered %s, with those that had waited\n", bench.Many(o.Delivered, "run"))
	}
	a.tell(o.Older)
	return a.ended(o, join(f.Texts(o.Broken, of)...))
}

// tell writes lines about errors that are not this command's own.
func (a *app) tell(errs []error) {
	for _, err := range errs {
		fmt.Fprintln(a.stderr, report.Printable(hints.For(err).Error()))
	}
}

// ended is the error with which a command that measured ends.
func (a *app) ended(o keep.Outcome, broken error) error {
	kept := join(hints.ForAll(o.Unkept)...)
	code, stoppedBySignal := signals.ExitCode(a.ctx)
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

// wrote is the error with which a command ends that wrote files beside what it kept. The command's own failure counts
// for more than a file that could not be written; the file's error is printed all the same.
func (a *app) wrote(ended error, files []error) error {
	err := join(files...)
	if err != nil && ended == nil {
		return exitError{exitNotKept, err}
	}
	if err != nil {
		fmt.Fprintf(a.stderr, "rtcbench: %v\n", err)
	}
	return ended
}
