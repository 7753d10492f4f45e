package sqlite

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
)

// A flipped bit may file a run, or all runs of a series, as what they are not. One run is named and read past. Where a
// series is wrong its runs are right: they are all given, also to who asks for them by what they are, and summed up,
// and the damage is told once.
func TestRunsFiledAsWhatTheyAreNot(t *testing.T) {
	const ofA, ofC = "(SELECT id FROM series WHERE location = 'a')", "(SELECT id FROM series WHERE location = 'c')"
	const oneOfA = "(SELECT min(key) FROM run WHERE series = " + ofA + ")"
	for _, c := range []struct {
		harm  string
		named bool // one run is; else all are given
		said  string
	}{
		{"UPDATE series SET transport = 'datachannel-reliabme' WHERE id = " + ofA, false, "datachannel-reliabme"},
		{"UPDATE series SET platform = 'livejit' WHERE id = " + ofA, false, "livejit"},
		{"UPDATE series SET engine = 'nati7e' WHERE id = " + ofA, false, "nati7e"},
		{"UPDATE series SET location = 'q' WHERE id = " + ofA, false, "location"},
		{"DELETE FROM series WHERE id = " + ofA, false, "not there"},
		{"UPDATE series SET transport = 'datachannel-reliabme' WHERE id = " + ofC, true, "datachannel-reliabme"},
		{"UPDATE series SET engine = 'nati7e' WHERE id = " + ofC, true, "nati7e"},
		{"UPDATE run SET series = " + ofC + " WHERE key = " + oneOfA, true, "location"},
		{"UPDATE run SET path = 'uep' WHERE key = " + oneOfA, true, "uep"},
		{"UPDATE run SET ended = ended + 3600000000 WHERE key = " + oneOfA, true, "ended"},
	} {
		t.Run(c.harm, func(t *testing.T) {
			s := opened(t, filepath.Join(t.TempDir(), "runs.db"))
			var runs []bench.Run
			at := time.Now().Add(-time.Hour).Truncate(time.Microsecond)
			for i, location := range []string{"a", "b", "a", "b", "c", "a"} {
				r := benchtest.StoredRun(20, at.Add(time.Duration(i)*time.Second))
				r.Location = location
				runs = append(runs, r)
			}
			if _, err := s.SaveAll(t.Context(), benchtest.Records(runs...)); err != nil {
				t.Fatal(err)
			}
			if got, errs := read(t.Context(), s, bench.Query{}); len(got) != len(runs) || len(errs) > 0 {
				t.Fatalf("before it is harmed: %v, %v", got, errs)
			}
			if _, err := s.db.Exec("PRAGMA foreign_keys = off"); err != nil {
				t.Fatal(err)
			}
			if done, err := s.db.Exec(c.harm); err != nil {
				t.Fatal(err)
			} else if n, _ := done.RowsAffected(); n != 1 {
				t.Fatalf("%d rows were harmed", n)
			}
			s.filed.Store(nil) // as for who opens the file now
			want := len(runs)
			if c.named {
				want--
			}
			for _, q := range []bench.Query{{}, {Samples: true}, {Limit: 20}} {
				got, errs := read(t.Context(), s, q)
				if len(got) != want || len(errs) != 1 || !strings.Contains(errs[0].Error(), c.said) {
					t.Errorf("%+v: %d runs, want %d; %v", q, len(got), want, errs)
				}
			}
			for r, err := range s.Runs(t.Context(), bench.Query{}) {
				if err != nil && (!bench.ReadsOn(r, err) || (r.ID != "") != c.named) {
					t.Errorf("the error of run %q ends the reading: %v", r.ID, err)
				}
			}
			if err := s.Check(t.Context()); err == nil && !c.named {
				t.Error("checked, and nothing is wrong")
			}
			if c.named {
				return
			}
			if got, _ := read(t.Context(), s, bench.Query{Location: "a"}); len(got) != 3 {
				t.Errorf("%d runs of a, want 3", len(got))
			}
			sums, err := s.Aggregate(t.Context(), bench.Query{})
			if err != nil || len(sums) != 3 || !slices.ContainsFunc(sums, func(a bench.Aggregate) bool {
				return a.Location == "a" && a.Runs == 3 && a.Engine == "native"
			}) {
				t.Errorf("sums %+v, %v", sums, err)
			}
		})
	}
}
