// Package keep hands what was measured to everybody who is to have it, the safest first, and says how that went. It
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

// Measured is what one command measured: one run, or one on each platform at one time.
type Measured struct {
	Runs  []*result.Document
	Early []error               // why it could not be measured, or not to its end
	Write func(io.Writer) error // the output file, of all runs
}

// Gather is what was measured, and the reasons by platform why a run ended early or was not begun. failed holds the
// error of each run, or nil. A run without an ID was not begun.
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

// nothing is the error of a run that measured no time.
func nothing(run bench.Run) error {
	if run.Turns != nil {
		return fmt.Errorf("not one of %d turns was answered and could be measured", run.TurnsAsked())
	}
	return fmt.Errorf("not one of %d pings was answered within %v", run.Counts.Settled(), run.Plan.Timeout)
}

// Recipients says who is to have what was measured. What is nil or empty there is not wanted.
type Recipients struct {
	Took   func(bench.Record) // whoever counts the runs, as metrics do
	Output Output
	Stores Stores
	Table  func() error // prints the runs for a person
	Limits Limits
}

// sink takes what was measured, and notes in o how that went. A sink that fails keeps no other from being asked.
type sink func(ctx context.Context, m Measured, o *Outcome)

// sinks are in the order of safety: memory cannot fail; then what outlives this process and needs nobody else; then
// what only shows the runs; then the network, which may take its time; then what judges them.
func (to Recipients) sinks() []sink {
	return []sink{to.count, to.Output.take, to.Stores.take, noteLoss, to.print, to.Stores.deliver, to.Limits.judge}
}

// Keep hands m to everybody.
func (to Recipients) Keep(ctx context.Context, m Measured) Outcome {
	o := Outcome{Early: m.Early}
	for _, take := range to.sinks() {
		take(ctx, m, &o)
	}
	return o
}

// Outcome says how the keeping went. The errors of Unkept and Older may be of the types of this package, and say no
// more than what happened: whoever shows them knows what a user can do.
type Outcome struct {
	Early     []error
	Unkept    []error  // what did not take the runs
	Broken    []Broken // limits
	Delivered int      // runs that the stores have now, with those that had waited; 0 = none had
	Older     []error  // what became of runs that had waited

	safe bool // a file or the stores have all the runs
}

// unkept notes errors; nil is none.
func (o *Outcome) unkept(errs ...error) {
	for _, err := range errs {
		if err != nil {
			o.Unkept = append(o.Unkept, err)
		}
	}
}

// ErrLost says that nothing has what was measured.
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
