package archive

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"rtcbench/bench"
	"rtcbench/internal/report"
	"rtcbench/internal/result"
)

// Filter selects runs.
type Filter struct {
	bench.Query        // without ID
	Part        string // of the ID: its beginning or its end; "" = any ID
}

// Matches reports whether f selects r.
func (f Filter) Matches(r bench.Run) bool {
	return f.Query.Matches(r) && (strings.HasPrefix(r.ID, f.Part) || strings.HasSuffix(r.ID, f.Part))
}

// Reader opens what groups are read from.
type Reader struct {
	Store func() (bench.Store, error) // gives the store; called for each side
	File  func(path string) (io.ReadCloser, error)
	Say   func(error) // receives notes and warnings: runs that are left out, and invalid runs that are not
}

// Side is one side of a comparison: runs of a file or of the store.
type Side struct {
	Name string // as the user has written it
	File string // "" = runs of the store
	Filter
}

// AllInvalid says that all runs of a side are invalid.
type AllInvalid struct{ Runs int }

func (e *AllInvalid) Error() string {
	return fmt.Sprintf("the %s of it %s invalid", bench.Many(e.Runs, "run"), bench.Form(e.Runs, "is", "are"))
}

// OneInvalid is the warning about a side that consists of one invalid run. The run is compared all the same.
type OneInvalid struct{ Why string }

func (e *OneInvalid) Error() string {
	return "this run is invalid, and no measure of its path: " + e.Why
}

// ErrNoRun says that a side has no run.
var ErrNoRun = errors.New("there is no such run")

// Groups reads both sides at the same time. notes are the notes and warnings about each side, errs the errors.
func Groups(ctx context.Context, sides [2]Side, from Reader, invalid bool) (groups [2]report.Group, notes [2][]error,
	errs [2]error) {
	var both sync.WaitGroup
	for i, side := range sides {
		both.Go(func() {
			here := from
			here.Say = func(note error) { notes[i] = append(notes[i], note) }
			groups[i], errs[i] = side.Group(ctx, here, invalid)
		})
	}
	both.Wait()
	return groups, notes, errs
}

// Group gives the runs of a side, each run once. Invalid runs are left out, unless invalid is true or the side names a
// single run.
func (side Side) Group(ctx context.Context, from Reader, invalid bool) (g report.Group, err error) {
	var runs []bench.Run
	if side.File != "" {
		runs, err = side.ofFile(from)
	} else {
		runs, err = side.ofStore(ctx, from)
	}
	if err != nil {
		return g, err
	}
	g.Name = side.Name
	seen := map[string]bool{}
	for _, r := range runs {
		if !seen[r.ID] {
			seen[r.ID] = true
			g.Runs = append(g.Runs, bench.NewRecord(r))
		}
	}
	isInvalid := func(r bench.Record) bool { return r.Summary.Validity.Verdict == bench.Invalid }
	named := side.Part != "" || side.File != "" && len(g.Runs) == 1
	if all := g.Runs; !invalid && !named {
		g.Runs = slices.DeleteFunc(slices.Clone(all), isInvalid)
		if g.LeftOut = len(all) - len(g.Runs); len(g.Runs) == 0 && len(all) > 0 {
			return g, &AllInvalid{len(all)}
		}
	}
	switch n := len(g.Runs); {
	case n == 0:
		return g, ErrNoRun
	case n == 1 && isInvalid(g.Runs[0]):
		from.Say(&OneInvalid{g.Runs[0].Summary.Validity.Why()})
	case n > 1 && side.Part != "":
		return g, &NotOne{Asked: side.Part, Found: ids(g.Runs)}
	}
	return g, nil
}

func ids(runs []bench.Record) (list []string) {
	for _, r := range runs {
		list = append(list, r.ID)
	}
	return list
}

// ofFile reads the runs of a file. A file of which a part cannot be read is an error: the comparison would be of other
// runs than were asked for.
func (side Side) ofFile(from Reader) (runs []bench.Run, err error) {
	r, err := from.File(side.File)
	if err != nil {
		return nil, cmp.Or(errors.Unwrap(err), err)
	}
	defer r.Close()
	told := map[string]bool{}
	for e, err := range result.Decode(r) {
		if err != nil {
			return nil, err
		}
		if !side.Matches(e.Run) {
			continue
		}
		if e.Note != "" && !told[e.Note] {
			told[e.Note] = true
			from.Say(fmt.Errorf("%s, %s: %s", side.File, e.Place, e.Note))
		}
		runs = append(runs, e.Run)
	}
	return runs, nil
}

// ofStore reads the runs without their samples; a single run has its samples. Runs that cannot be read are reported to
// Say and left out.
func (side Side) ofStore(ctx context.Context, from Reader) (runs []bench.Run, err error) {
	s, err := from.Store()
	if err != nil {
		return nil, err
	}
	if side.Part != "" {
		r, err := Find(ctx, s, side.Part)
		if err != nil || !side.Matches(r) {
			return nil, err
		}
		return []bench.Run{r}, nil
	}
	for r, err := range s.Runs(ctx, side.Query) {
		if err == nil {
			runs = append(runs, r)
		} else if err = ofStore(r, err); isUnreadable(err) {
			from.Say(err)
		} else {
			return nil, err
		}
	}
	if len(runs) == 1 {
		r, err := Find(ctx, s, runs[0].ID)
		return []bench.Run{r}, err
	}
	return runs, nil
}
