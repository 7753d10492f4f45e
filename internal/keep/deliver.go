package keep

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"rtcbench/bench"
	"rtcbench/internal/outbox"
)

// Refused says that a store will never take a run.
type Refused struct {
	Store, RunID string
	Err          error
	Where        string // folder that has the run now
	Older        bool   // the run is from an earlier command
}

func (e *Refused) Error() string {
	run := "run "
	if e.Older {
		run = "the older run "
	}
	return fmt.Sprintf("%s refused %s%s: %v; it lies in %s", e.Store, run, e.RunID, e.Err, e.Where)
}

func (e *Refused) Unwrap() error { return e.Err }

// Waiting says that a store could not take a run of this command, or older runs. The runs wait.
type Waiting struct {
	Store string
	Err   error
	Runs  int    // runs that wait: all, or the older ones
	Where string // path of the outbox
	Older bool   // the error is about older runs
}

func (e *Waiting) Error() string {
	if e.Older {
		return fmt.Sprintf("%s still %s for %s: %v", bench.Many(e.Runs, "older run"),
			bench.Form(e.Runs, "waits", "wait"), e.Store, e.Err)
	}
	return fmt.Sprintf("%s did not take the run: %v; %s %s in %s", e.Store, e.Err, bench.Many(e.Runs, "run"),
		bench.Form(e.Runs, "waits", "wait"), e.Where)
}

func (e *Waiting) Unwrap() error { return e.Err }

// unnoted is the error of an outbox that could not note the result for a run.
func (s Stores) unnoted(f outbox.Failure) error {
	return fmt.Errorf("note in %s what became of the run: %w", s.Box.Dir(), f.Err)
}

// deliver offers all waiting runs to the stores; the runs in m come first. Errors about the runs in m go to Unkept.
// Errors about older runs go to Older: another command has measured them.
func (s Stores) deliver(stopped context.Context, m Measured, o *Outcome) {
	if len(s.Targets) == 0 || len(m.Runs) == 0 {
		return
	}
	ctx, cancel := deliveryContext(stopped)
	defer cancel()
	courier := s.Courier()
	defer courier.Close()
	var first []string
	for _, r := range m.Runs {
		first = append(first, r.ID)
	}
	out, err := courier.Deliver(ctx, first...)
	if out.Delivered > len(first) {
		o.Delivered = out.Delivered
	}
	ours := func(f outbox.Failure) bool { return slices.Contains(first, f.RunID) }
	o.Older = s.older(out, ours)
	o.unkept(s.Failures(out, ours)...)
	if err != nil {
		o.unkept(fmt.Errorf("look for what waits: %w", err))
	}
}

// Failures are the errors about the runs that meant selects. A store that cannot be reached gives one error for all
// runs.
func (s Stores) Failures(out outbox.Outcome, meant func(outbox.Failure) bool) (errs []error) {
	told := map[string]bool{}
	for _, f := range out.Failures {
		switch {
		case !meant(f):
		case f.Unnoted:
			errs = append(errs, s.unnoted(f))
		case f.Store == "":
			errs = append(errs, f.Err)
		case f.Final:
			errs = append(errs, s.refused(f, false))
		case !told[f.Store]:
			told[f.Store] = true
			errs = append(errs, &Waiting{Store: f.Store, Err: f.Err, Runs: out.Waiting, Where: s.Box.Dir()})
		}
	}
	return errs
}

func (s Stores) refused(f outbox.Failure, older bool) error {
	return &Refused{f.Store, f.RunID, f.Err, filepath.Join(s.Box.Dir(), "rejected"), older}
}

// older are the errors about runs that are not ours, and the corrections.
func (s Stores) older(out outbox.Outcome, ours func(outbox.Failure) bool) (list []error) {
	waiting, last, away := map[string]int{}, map[string]error{}, map[string]bool{}
	for _, f := range out.Failures {
		switch {
		case f.Unnoted && !ours(f):
			list = append(list, fmt.Errorf("an older run: %w", s.unnoted(f)))
		case f.Unnoted:
		case ours(f):
			away[f.Store] = away[f.Store] || !f.Final
		case f.Store == "":
			list = append(list, fmt.Errorf("of what waits: %w", f.Err))
		case f.Final:
			list = append(list, s.refused(f, true))
		default:
			waiting[f.Store]++
			last[f.Store] = f.Err
		}
	}
	for _, store := range slices.Sorted(maps.Keys(waiting)) {
		if !away[store] { // else the error about our own run says so
			list = append(list, &Waiting{Store: store, Err: last[store], Runs: waiting[store], Where: s.Box.Dir(),
				Older: true})
		}
	}
	return append(list, Corrections(out)...)
}

// Corrections are warnings about the outbox: other things than files, and names of stores that were corrected.
func Corrections(out outbox.Outcome) (list []error) {
	for _, odd := range out.Odd {
		list = append(list, fmt.Errorf("%s", odd))
	}
	for _, was := range slices.Sorted(maps.Keys(out.Corrected)) {
		list = append(list, fmt.Errorf("what waits for %s, a name under which no run was ever taken, is for %s now",
			was, out.Corrected[was]))
	}
	return list
}

// Errors of Readdress.
var (
	ErrNoneOrSeveral = errors.New("not exactly one store of this kind is on")
	ErrNothingWaits  = errors.New("nothing waits for a store of this name")
)

// Readdress redirects the runs that wait for the store called was to the only configured store of its kind. on is the
// number of configured stores of this kind.
func (s Stores) Readdress(courier *outbox.Courier, was string) (on int, err error) {
	kind, _, _ := strings.Cut(was, ":")
	names := slices.DeleteFunc(s.Names(), func(name string) bool { return !strings.HasPrefix(name, kind+":") })
	if len(names) != 1 {
		return len(names), ErrNoneOrSeveral
	}
	waiting, err := courier.Waiting(0)
	if err != nil {
		return 1, err
	}
	if waiting.For[was] == 0 {
		return 1, ErrNothingWaits
	}
	courier.Readdress(was, names[0])
	return 1, nil
}
