package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/outbox"
	"rtcbench/internal/report"
	"rtcbench/internal/result"
)

const (
	storeTimeout    = 15 * time.Second        // for one run and one store
	deliveryTimeout = 40 * time.Second        // for all that a measuring command delivers
	leavingTimeout  = 5 * time.Second         // … when the time of a function is over
	signalTimeout   = 1500 * time.Millisecond // … after a signal: whoever sent it waits
)

// lost is an error after which what was measured is nowhere that the error speaks of.
type lost struct{ error }

func isLost(err error) bool { return errors.As(err, &lost{}) }

// put makes the runs safe; it is called before anything else is tried with them. Where the outbox cannot take
// one, the stores are asked at once, and what then is in none of them is put into the folder for temporary files.
func (k keeper) put(stopped context.Context, runs ...*bench.Run) error {
	if len(k.targets) == 0 {
		return nil
	}
	var names []string
	for _, t := range k.targets {
		names = append(names, t.Name)
	}
	var errs []error
	gone := false
	for _, r := range runs {
		if r == nil || r.Standin { // a stand-in's runs are not to be found among the platform's
			continue
		}
		if err := k.box.Put(stored(*r), names); err != nil {
			note, direct := k.direct(stopped, stored(*r))
			gone = gone || isLost(direct)
			errs = append(errs, fmt.Errorf("keep the run in %s: %w%s", k.box.Dir(), err, note))
		}
	}
	if err := join(errs...); gone {
		return lost{err}
	} else {
		return err
	}
}

// direct saves r without the outbox, and says how that went. An error that is lost says that nothing has the run.
func (k keeper) direct(stopped context.Context, r bench.Run) (note string, err error) {
	ctx, cancel := deliveryContext(stopped)
	defer cancel()
	missing := 0
	for _, t := range k.targets {
		trying, cancel := context.WithTimeout(ctx, storeTimeout)
		s, err := t.Open(trying)
		if err == nil {
			err = errors.Join(s.Save(trying, r), s.Close())
		}
		cancel()
		if err != nil {
			missing++
			note += fmt.Sprintf("; %s did not take it either: %v", t.Name, err)
		} else {
			note += "; " + t.Name + " has it"
		}
	}
	if missing == 0 {
		return note, nil
	}
	var b bytes.Buffer
	if err = result.Write(&b, r); err == nil {
		var where string
		if where, err = rescue(b.Bytes()); err == nil {
			return note + "; it is in " + where + " (rtcbench import)", nil
		}
	}
	note += fmt.Sprintf("; the folder for temporary files did not take it either: %v", err)
	if missing == len(k.targets) {
		err = lost{err}
	}
	return note, err
}

// stored is r as stores get it: what was measured in the sandbox must not be taken for a place.
func stored(r bench.Run) bench.Run {
	if r.Location == "" && slices.ContainsFunc(r.Doubts, func(d bench.Doubt) bool { return d.Code == bench.SandboxDoubt }) {
		r.Location = "sandbox"
	}
	return r
}

// deliveryTime is how long a delivery may take. Also after Ctrl-C what was measured is kept, but nobody waits long for
// it then; and a function that is ended from outside in the middle of it could not say what it has not kept.
func deliveryTime(stopped context.Context) time.Duration {
	if _, signalled := stopCode(stopped); signalled {
		return signalTimeout
	}
	if stopped.Err() != nil {
		return leavingTimeout
	}
	if end, ok := stopped.Deadline(); ok {
		return min(deliveryTimeout, time.Until(end)+leavingTimeout)
	}
	return deliveryTimeout
}

// deliveryContext is a context for as long as a delivery may take. A signal in the middle of it leaves what has begun a
// moment.
func deliveryContext(stopped context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(stopped))
	within := deliveryTime(stopped)
	timer := time.AfterFunc(within, func() {
		if _, signalled := stopCode(stopped); signalled {
			cancel(context.Cause(stopped))
			return
		}
		cancel(fmt.Errorf("it took longer than %v", within))
	})
	unwatch := context.AfterFunc(stopped, func() {
		if _, signalled := stopCode(stopped); signalled {
			timer.Reset(signalTimeout)
		}
	})
	return ctx, func() {
		unwatch()
		timer.Stop()
		cancel(nil)
	}
}

// deliver offers what waits to the stores, the runs called first, which are this command's, before the others. It
// returns what a store would not take of these. What became of the others it says on w: that is another command's
// matter.
func (k keeper) deliver(stopped context.Context, w io.Writer, first ...string) error {
	if len(k.targets) == 0 {
		return nil
	}
	ctx, cancel := deliveryContext(stopped)
	defer cancel()
	courier := k.box.To(k.targets, storeTimeout)
	defer courier.Close()
	out, err := courier.Deliver(ctx, first...)
	if out.Delivered > len(first) {
		fmt.Fprintf(w, "delivered %d runs, with those that had waited\n", out.Delivered)
	}
	ours := func(f outbox.Failure) bool { return slices.Contains(first, f.RunID) }
	for _, line := range k.older(out, ours) {
		fmt.Fprintln(w, report.Printable(line))
	}
	if err != nil {
		err = fmt.Errorf("look for what waits: %w", err)
	}
	return join(k.failures(out, ours), err)
}

// failures says what did not work with the runs that are meant, one line a store.
func (k keeper) failures(out outbox.Outcome, meant func(outbox.Failure) bool) error {
	var errs []error
	told := map[string]bool{}
	for _, f := range out.Failures {
		switch {
		case !meant(f):
		case f.Unnoted:
			errs = append(errs, k.unnoted(f))
		case f.Store == "":
			errs = append(errs, f.Err)
		case f.Final:
			errs = append(errs, fmt.Errorf("%s refused run %s: %w; it lies in %s (rtcbench store status)",
				f.Store, f.RunID, f.Err, filepath.Join(k.box.Dir(), "rejected")))
		case !told[f.Store]:
			told[f.Store] = true
			errs = append(errs, fmt.Errorf("%s did not take the run: %w; %d run(s) wait in %s (rtcbench store flush delivers)",
				f.Store, f.Err, out.Waiting, k.box.Dir()))
		}
	}
	return join(errs...)
}

func (k keeper) unnoted(f outbox.Failure) error {
	return fmt.Errorf("note in %s what became of the run: %w", k.box.Dir(), f.Err)
}

// older says in lines what became of the runs that are not ours.
func (k keeper) older(out outbox.Outcome, ours func(outbox.Failure) bool) (lines []string) {
	waiting, last, away := map[string]int{}, map[string]error{}, map[string]bool{}
	for _, f := range out.Failures {
		switch {
		case f.Unnoted && !ours(f):
			lines = append(lines, "an older run: "+k.unnoted(f).Error())
		case f.Unnoted:
		case ours(f):
			away[f.Store] = away[f.Store] || !f.Final
		case f.Store == "":
			lines = append(lines, "of what waits: "+f.Err.Error())
		case f.Final:
			lines = append(lines, fmt.Sprintf("%s refused the older run %s: %v; it lies in %s (rtcbench store status)",
				f.Store, f.RunID, f.Err, filepath.Join(k.box.Dir(), "rejected")))
		default:
			waiting[f.Store]++
			last[f.Store] = f.Err
		}
	}
	for _, store := range slices.Sorted(maps.Keys(waiting)) {
		if !away[store] { // else that is told with this command's own run
			lines = append(lines, fmt.Sprintf("%d older run(s) still wait for %s: %v (rtcbench store status)", waiting[store], store, last[store]))
		}
	}
	return append(lines, corrections(out)...)
}

// corrections are lines about what was not taken as it lay there.
func corrections(out outbox.Outcome) []string {
	lines := slices.Clone(out.Odd)
	for _, was := range slices.Sorted(maps.Keys(out.Corrected)) {
		lines = append(lines, fmt.Sprintf("what waits for %s, a name under which no run was ever taken, is for %s now", was, out.Corrected[was]))
	}
	return lines
}

// lostNote is the line that says that nothing has what was measured; nil = something has.
func (k keeper) lostNote(fileWanted bool, fileErr, putErr error) error {
	inFile := fileWanted && !isLost(fileErr)
	inStore := len(k.targets) > 0 && !isLost(putErr)
	if inFile || inStore || fileErr == nil && putErr == nil {
		return nil
	}
	return errors.New("what was measured is lost: neither a file nor a store took it")
}
