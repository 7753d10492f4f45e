package sqlite

import (
	"bytes"
	"errors"
	"path/filepath"
	"reflect"
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
		{"UPDATE run SET sent = sent + 64 WHERE key = " + oneOfA, true, "sent"},
		{"UPDATE run SET late = 1 - late WHERE key = " + oneOfA, true, "late"},
		{"UPDATE run SET invalid = 1 - invalid WHERE key = " + oneOfA, true, "verdict"},
		{"UPDATE run SET crc = NULL, lost = lost + 1 WHERE key = " + oneOfA, true, "lost"}, // an older version's
		{"UPDATE run SET crc = NULL, invalid = 1 WHERE key = " + oneOfA, true, "verdict"},
		{"UPDATE run SET crc = x'00' || substr(crc, 2) WHERE key = " + oneOfA, true, "checksum"},
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
			q := bench.Query{Since: at.Add(-time.Minute), Until: at.Add(time.Minute)} // of single runs
			if sums, err := s.Aggregate(t.Context(), q); c.named && strings.HasPrefix(c.harm, "UPDATE run") &&
				!strings.Contains(c.harm, "NULL") && c.said != "ended" &&
				(!errors.Is(err, bench.ErrIncomplete) || runsOf(sums) != want) {
				t.Errorf("%d run(s) are summed up, want %d: %v", runsOf(sums), want, err)
			}
			if c.named {
				return
			}
			if got, _ := read(t.Context(), s, bench.Query{Location: "a"}); len(got) != 3 {
				t.Errorf("%d runs of a, want 3", len(got))
			}
			sums, err := s.Aggregate(t.Context(), bench.Query{})
			if !errors.Is(err, bench.ErrIncomplete) || len(sums) != 3 || !slices.ContainsFunc(sums, func(
				a bench.Aggregate,
			) bool {
				return a.Location == "a" && a.Runs == 3 && a.Engine == "native"
			}) {
				t.Errorf("sums %+v, %v", sums, err)
			}
		})
	}
}

func runsOf(sums []bench.Aggregate) (n int) {
	for _, a := range sums {
		n += a.Runs
	}
	return n
}

// A flipped bit in a sum is seen: the runs themselves are summed up, the check of the store says so, and the next run
// that is saved makes the sum anew.
func TestASumThatIsOnlyAnotherNumber(t *testing.T) {
	for _, harm := range []string{"runs = runs + 8", "answered = answered + 64", "lost = lost + 1", "not_sent = 4",
		"invalid = 1 - invalid", "path = 'tcp'", "histogram = x'0314'", "start = start + 3600"} {
		t.Run(harm, func(t *testing.T) {
			s := opened(t, filepath.Join(t.TempDir(), "runs.db"))
			at := time.Now().Truncate(24 * time.Hour).Add(-12 * time.Hour)
			for i := range 3 {
				r := benchtest.StoredRun(20, at.Add(time.Duration(i)*time.Minute))
				if err := s.Save(t.Context(), bench.NewRecord(r)); err != nil {
					t.Fatal(err)
				}
			}
			want, err := s.Aggregate(t.Context(), bench.Query{})
			if err != nil || runsOf(want) != 3 {
				t.Fatal(want, err)
			}
			if _, err := s.db.Exec("UPDATE rollup SET " + harm); err != nil {
				t.Fatal(err)
			}
			if got, err := s.Aggregate(t.Context(), bench.Query{}); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%+v, %v; want %+v", got, err, want)
			}
			if err := s.Check(t.Context()); err == nil {
				t.Error("checked, and nothing is wrong")
			}
		})
	}
}

// Each bit of a row that flips is seen, in whatever number or text it is, where it makes a difference.
func TestEveryBitOfARow(t *testing.T) {
	s := opened(t, filepath.Join(t.TempDir(), "runs.db"))
	run := benchtest.StoredRun(20, time.Now().Truncate(time.Microsecond))
	if err := s.Save(t.Context(), bench.NewRecord(run)); err != nil {
		t.Fatal(err)
	}
	for _, column := range []string{"histogram", "document", "samples", "crc"} {
		var sound []byte
		if err := s.db.QueryRow("SELECT " + column + " FROM run").Scan(&sound); err != nil {
			t.Fatal(err)
		}
		put := func(data []byte) {
			t.Helper()
			if _, err := s.db.Exec("UPDATE run SET "+column+" = ?", data); err != nil {
				t.Fatal(err)
			}
		}
		for i := 0; i < len(sound); i += 1 + len(sound)/60 {
			harmed := bytes.Clone(sound)
			harmed[i] ^= 1 << (i % 8)
			put(harmed)
			if got, errs := read(t.Context(), s, bench.Query{Samples: true}); len(got) != 0 || len(errs) != 1 {
				t.Errorf("byte %d of %s flipped: %v, %v", i, column, got, errs)
			}
		}
		put(sound)
		if got, errs := read(t.Context(), s, bench.Query{Samples: true}); len(got) != 1 || len(errs) > 0 {
			t.Fatalf("%s as it was: %v, %v", column, got, errs)
		}
	}
}
