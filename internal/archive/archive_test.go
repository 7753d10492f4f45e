package archive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/outbox"
	"rtcbench/internal/report"
	"rtcbench/internal/result"
	"rtcbench/internal/store/sqlite"
)

// opened is a new store.
func opened(t *testing.T) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "runs.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// counting is a store that sums up nothing by itself, and counts the runs that it has given.
type counting struct {
	bench.Store
	given int
	bad   error // comes with the first run
}

func (c *counting) Runs(ctx context.Context, q bench.Query) iter.Seq2[bench.Run, error] {
	return func(yield func(bench.Run, error) bool) {
		if c.bad != nil && q.Limit == 0 && !yield(bench.Run{ID: "damaged"}, c.bad) {
			return
		}
		for r, err := range c.Store.Runs(ctx, q) {
			c.given++
			if !yield(r, err) {
				return
			}
		}
	}
}

// aDay keeps a run every hour of a day, of two series, every seventh of them invalid, and says when the day began.
func aDay(t *testing.T, s bench.WholeSaver) (start time.Time) {
	t.Helper()
	start = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	var list []bench.Record
	for i := range 24 {
		r := benchtest.StoredRun(20, start.Add(time.Duration(i)*time.Hour+30*time.Minute))
		r.Location = []string{"fra", "iad"}[i%2]
		r.Facts.Hidden = i%7 == 3 // which makes it invalid
		for j := range r.Samples {
			r.Samples[j].RTT = time.Duration(i+1) * time.Millisecond
		}
		list = append(list, bench.NewRecord(r))
	}
	if _, err := s.SaveAll(t.Context(), list); err != nil {
		t.Fatal(err)
	}
	return start
}

// TestHistoryIsReadOnce: a store that cannot sum up is read in one pass, each run is judged once, and the history is
// the same as that of a store that can.
func TestHistoryIsReadOnce(t *testing.T) {
	s := opened(t)
	start := aDay(t, s)
	now := start.Add(48 * time.Hour)
	for name, q := range map[string]bench.Query{
		"all":            {},
		"the last":       {Limit: 5},
		"with invalid":   {Invalid: true, Limit: 3},
		"a part of them": {Location: "fra", Since: start.Add(3 * time.Hour), Until: start.Add(20 * time.Hour)},
		"none":           {Location: "nowhere"},
	} {
		want, err := History(t.Context(), s, q, now)
		if err != nil {
			t.Fatal(name, err)
		}
		c, before := &counting{Store: s}, bench.Summaries()
		got, err := History(t.Context(), c, q, now)
		if err != nil {
			t.Fatal(name, err)
		}
		runs := 0
		for _, course := range got.Courses {
			runs += course.Runs + course.LeftOut
		}
		if n := bench.Summaries() - before; int(n) != runs {
			t.Errorf("%s: %d runs were summed up %d times", name, runs, n)
		}
		if c.given > runs+1 { // and the last one, to see when it ended
			t.Errorf("%s: %d runs were read of %d", name, c.given, runs)
		}
		if !reflect.DeepEqual(shown(t, got), shown(t, want)) {
			t.Errorf("%s:\n%s\nwant\n%s", name, shown(t, got), shown(t, want))
		}
	}
	c := &counting{Store: s, bad: errors.New("it is damaged")}
	h, err := History(t.Context(), c, bench.Query{}, now)
	var u *Unreadable
	if err != nil || len(h.Bad) != 1 || !errors.As(h.Bad[0], &u) || u.RunID != "damaged" || len(h.Runs) != 24 {
		t.Errorf("%d runs, %v, %v", len(h.Runs), h.Bad, err)
	}
	if h, err := History(t.Context(), c, bench.Query{Limit: 5}, now); err != nil || len(h.Bad) != 0 ||
		len(h.Runs) != 5 {
		t.Errorf("%d runs, %v, %v: the one that is damaged is not among the last", len(h.Runs), h.Bad, err)
	}
}

// shown is all that a program sees of h.
func shown(t *testing.T, h report.History) string {
	t.Helper()
	var b bytes.Buffer
	if err := report.WriteHistoryJSON(&b, h); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestCourse: each part of the time has the median of its own runs, without those that are invalid, and the sum is that
// of all.
func TestCourse(t *testing.T) {
	s := opened(t)
	start := aDay(t, s)
	for kind, store := range map[string]bench.Store{"sums": s, "one pass": &counting{Store: s}} {
		end := start.Add(24 * time.Hour)
		h, err := History(t.Context(), store, bench.Query{Since: start, Until: end}, end)
		if err != nil || len(h.Courses) != 2 || h.Courses[0].Location != "fra" {
			t.Fatalf("%s: %+v, %v", kind, h.Courses, err)
		}
		if c := h.Courses[0]; c.Runs != 11 || c.LeftOut != 1 {
			t.Errorf("%s: %d runs, %d left out", kind, c.Runs, c.LeftOut)
		}
		for i, q := range h.Courses[0].P50 {
			want := time.Duration(i+1) * time.Millisecond
			if i%2 == 1 || i%7 == 3 {
				if q.OK {
					t.Errorf("%s: part %d has no run and a median of %v", kind, i, q.D)
				}
			} else if !q.OK || (q.D-want).Abs() > want/1000 {
				t.Errorf("%s: part %d: %v, want %v", kind, i, q.D, want)
			}
		}
	}
}

// TestFind: a run is found by a part of its ID that no other has.
func TestFind(t *testing.T) {
	s := opened(t)
	var ids []string
	for i := range 3 {
		r := benchtest.StoredRun(3, time.Now())
		r.ID = fmt.Sprintf("019ab000-0000-7000-8000-0000000000a%d", i)
		ids = append(ids, r.ID)
		if err := s.Save(t.Context(), bench.NewRecord(r)); err != nil {
			t.Fatal(err)
		}
	}
	for text, want := range map[string]int{ids[1]: 1, "00a1": 1, "019ab000": 3, "beef": 0} {
		r, err := Find(t.Context(), s, text)
		var not *NotOne
		switch {
		case want == 1 && (err != nil || r.ID != ids[1] || len(r.Samples) != 3):
			t.Errorf("%s: %s, %v", text, r.ID, err)
		case want != 1 && (!errors.As(err, &not) || len(not.Found) != want || not.Store != s.String()):
			t.Errorf("%s: %v", text, err)
		}
	}
	if _, err := Find(t.Context(), s, "00a"); !errors.Is(err, ErrTooShort) {
		t.Error(err)
	}
}

// TestWhatIsExportedIsAFileForEachRun: and what cannot be read is left out.
func TestWhatIsExportedIsAFileForEachRun(t *testing.T) {
	s := opened(t)
	aDay(t, s)
	var b bytes.Buffer
	e := Export(t.Context(), &counting{Store: s, bad: errors.New("it is damaged")}, bench.Query{}, &b)
	if e.Runs != 24 || len(e.Bad) != 1 || e.Failed != nil || strings.Count(b.String(), "\n") != 24 {
		t.Errorf("%+v, %d lines", e, strings.Count(b.String(), "\n"))
	}
	n := 0
	for _, err := range result.Decode(&b) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	if n != 24 {
		t.Errorf("%d runs come back", n)
	}
	broken, w := io.Pipe()
	broken.Close()
	if e := Export(t.Context(), s, bench.Query{}, w); e.Failed == nil {
		t.Errorf("%+v", e)
	}
}

// TestRemove: a run is gone from the store and from the outbox, and a store that is not there is not made.
func TestRemove(t *testing.T) {
	s := opened(t)
	r := bench.NewRecord(benchtest.StoredRun(3, time.Now()))
	if err := s.Save(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	box := outbox.Open(t.TempDir(), 1<<20)
	if err := box.Put(result.NewDocument(r), []string{"away"}); err != nil {
		t.Fatal(err)
	}
	path := strings.TrimPrefix(s.String(), sqlite.Kind)
	target := func(path string) outbox.Target {
		open := func(ctx context.Context) (bench.Store, error) { return sqlite.Open(ctx, path) }
		return outbox.Target{Name: sqlite.Name(path), File: path, Open: open}
	}
	missing := filepath.Join(t.TempDir(), "missing.db")
	p := Places{[]outbox.Target{target(path), target(missing)}, box}
	id, away, err := p.Find(t.Context(), r.ID[len(r.ID)-8:])
	if err != nil || away != nil || id != r.ID {
		t.Fatal(id, away, err)
	}
	removed, errs := p.Remove(t.Context(), id)
	if len(removed) != 2 || errs != nil || !strings.HasPrefix(removed[0], s.String()) ||
		!strings.HasPrefix(removed[1], "outbox: ") {
		t.Errorf("%v, %v", removed, errs)
	}
	if removed, errs := p.Remove(t.Context(), id); removed != nil || errs != nil {
		t.Errorf("again: %v, %v", removed, errs)
	}
	if _, err := Open(t.Context(), target(missing)); !errors.As(err, new(*NoStore)) {
		t.Error(err)
	}
}
