// Package keep hands measured runs to everything that is to have them, the safest first, and reports the result. It
// measures nothing, reads nothing back, and knows no flags and no exit codes.
package keep

import (
	"context"
	"errors"
	"fmt"
	"io"

	"rtcbench/bench"
	"rtcbench/internal/result"
)

// Measured is what one command measured: one run, or a run on each of two platforms at the same time.
type Measured struct {
	Runs  []*result.Document
	Early []error               // why a run was not begun or ended early
	Write func(io.Writer) error // writes the result file of all runs
}

// Gather collects runs into a Measured. failed has the error of each run, or nil. reasons says by platform why a run
// was not begun or ended early. A run without an ID was not begun.
func Gather(runs []bench.Run, failed []error) (m Measured, reasons map[string]string) {
	reasons = map[string]string{}
	for i, run := range runs {
		err := failed[i]
		if run.ID != "" {
			if err == nil && run.Counts.Answered == 0 {
				err = nothing(run)
			}
			m.Runs = append(m.Runs, result.NewDocument(bench.NewRecord(run)))
		}
		if err != nil {
			reasons[run.Platform] = err.Error()
			if len(runs) > 1 {
				err = fmt.Errorf("%s: %w", run.Platform, err)
			}
			m.Early = append(m.Early, err)
		}
	}
	return m, reasons
}

// nothing is the error for a run without an answer.
func nothing(run bench.Run) error {
	if run.Turns != nil {
		return fmt.Errorf("not one of %s was answered and could be measured", bench.Many(run.TurnsAsked(), "turn"))
	}
	return fmt.Errorf("not one of %s was answered within %v", bench.Many(run.Counts.Settled(), "ping"),
		run.Plan.Timeout)
}

// Recipients are what gets measured runs. A field that is nil or empty is left out.
type Recipients struct {
	Took   func(bench.Record) // counts the runs, for metrics
	Output Output
	Stores Stores
	Table  func() error // prints the runs for a person
	Limits Limits
}

// sink takes what was measured, and notes the result in o. If a sink fails, the next one is called all the same.
type sink func(ctx context.Context, m Measured, o *Outcome)

// sinks are in the order of safety. Counting in memory cannot fail. Next come the file and the outbox, which need only
// this machine. Then the table is printed. The network comes next: it may be slow. The limits are judged last.
func (to Recipients) sinks() []sink {
	return []sink{to.count, to.Output.take, to.Stores.take, noteLoss, to.print, to.Stores.deliver, to.Limits.judge}
}

// Keep calls all sinks with m.
func (to Recipients) Keep(ctx context.Context, m Measured) Outcome {
	o := Outcome{Early: m.Early}
	for _, take := range to.sinks() {
		take(ctx, m, &o)
	}
	return o
}

// Outcome is the result of Keep. Errors in Unkept and Older may have types of this package. They only say what
// happened; the caller adds what the user can do.
type Outcome struct {
	Early     []error
	Unkept    []error  // errors of keeping the runs
	Broken    []Broken // limits that the runs exceed
	Delivered int      // runs that the stores have now, including older ones; 0 = no older run was delivered
	Older     []error  // errors and corrections about older runs

	safe bool // a file or the stores have all the runs
}

// unkept notes errors. A nil error is ignored.
func (o *Outcome) unkept(errs ...error) {
	for _, err := range errs {
		if err != nil {
			o.Unkept = append(o.Unkept, err)
		}
	}
}

// ErrLost says that the runs are lost: nothing has them.
var ErrLost = errors.New("what was measured is lost: neither a file nor a store took it")

func noteLoss(_ context.Context, _ Measured, o *Outcome) {
	if !o.safe && len(o.Unkept) > 0 {
		o.unkept(ErrLost)
	}
}

func (to Recipients) count(_ context.Context, m Measured, _ *Outcome) {
	if to.Took == nil {
		return
	}
	for _, r := range m.Runs {
		to.Took(r.Record)
	}
}

func (to Recipients) print(_ context.Context, _ Measured, o *Outcome) {
	if to.Table == nil {
		return
	}
	if err := to.Table(); err != nil {
		o.unkept(fmt.Errorf("print the table: %w", err))
	}
}
