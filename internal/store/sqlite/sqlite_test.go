package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/result"
)

func opened(t *testing.T, path string) *Store {
	t.Helper()
	s, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestStore(t *testing.T) {
	benchtest.NoLeak(t)
	benchtest.TestStore(t, func(t *testing.T) benchtest.StoreUnderTest {
		path := filepath.Join(t.TempDir(), "a folder?", "50% #1.db")
		return benchtest.StoreUnderTest{
			Level: benchtest.ReadsSamples,
			Open:  func(t *testing.T) bench.Store { return opened(t, path) },
			Pack:  pack,
			Corrupt: func(t *testing.T, id string) {
				s := opened(t, path)
				if _, err := s.db.Exec("UPDATE run SET samples = x'01ff', document = substr(document, 1, 40) "+
					"WHERE id = ?", id); err != nil {
					t.Fatal(err)
				}
			},
			Alter: func(t *testing.T, id, from, to string) {
				s := opened(t, path)
				if _, err := s.db.Exec("UPDATE run SET document = replace(document, ?, ?), crc = NULL WHERE id = ?",
					from, to, id); err != nil {
					t.Fatal(err)
				}
			},
			Misfile: func(t *testing.T, id, column string) {
				s := opened(t, path)
				if _, err := s.db.Exec("UPDATE run SET "+column+" = 1 - "+column+", crc = NULL WHERE id = ?",
					id); err != nil {
					t.Fatal(err)
				}
			},
		}
	})
}

func pack(r bench.Record) (bench.Packed, error) {
	p, err := result.Pack(r)
	return p.Packed, err
}

// TestRollupIsTheMergeOfItsRuns for any span of time and any filter.
func TestRollupIsTheMergeOfItsRuns(t *testing.T) {
	s := opened(t, filepath.Join(t.TempDir(), "runs.db"))
	rng := rand.New(rand.NewPCG(7, 8))
	begin := time.Date(2026, 3, 28, 20, 0, 0, 0, time.UTC)
	moment := func() time.Time { return begin.Add(time.Duration(rng.Int64N(int64(75 * time.Hour)))) }
	for range 40 {
		var some []bench.Run
		for range 1 + rng.IntN(6) {
			r := benchtest.StoredRun(3+rng.IntN(20), moment().Truncate(time.Microsecond))
			r.Platform = []string{"daily", "livekit"}[rng.IntN(2)]
			r.Location = []string{"a", "b", ""}[rng.IntN(3)]
			r.Echo.Place = []string{"", "sin-1", "iad-1"}[rng.IntN(3)]
			r.Facts.Hidden = rng.IntN(4) == 0
			some = append(some, r)
		}
		if _, err := s.SaveAll(t.Context(), benchtest.Records(append(some, some[0])...)); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 200 {
		var q bench.Query
		if i%4 != 0 {
			q.Since = moment().Truncate([]time.Duration{1, time.Hour, 24 * time.Hour}[rng.IntN(3)])
		}
		if i%3 != 0 {
			q.Until = moment().Truncate([]time.Duration{1, time.Hour, 24 * time.Hour}[rng.IntN(3)])
		}
		if i%5 == 0 {
			q.Platform = "daily"
		}
		if i%7 == 0 {
			q.Location = "a"
		}
		if i%6 == 0 {
			q.Echo = []string{bench.NoPlace, "iad-1"}[i/6%2]
		}
		q.Invalid = i%2 == 0
		got, err := s.Aggregate(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		want, _, err := bench.AggregateRuns(t.Context(), struct{ bench.Store }{s}, q) // run by run
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != len(want) {
			t.Fatalf("%+v: %d series, want %d", q, len(got), len(want))
		}
		for i := range got {
			a, b := got[i], want[i]
			if a.Series != b.Series || a.Runs != b.Runs || a.LeftOut != b.LeftOut || a.Counts != b.Counts ||
				!a.Histogram.Equal(b.Histogram) {
				t.Fatalf("%+v: rollups say %+v %d without %d %+v, runs say %+v %d without %d %+v", q, a.Series, a.Runs,
					a.LeftOut, a.Counts, b.Series, b.Runs, b.LeftOut, b.Counts)
			}
		}
	}
}

// TestGoldenStores: every version that was ever released opens, and has in it what was saved.
func TestGoldenStores(t *testing.T) {
	for version := 1; version <= len(migrations); version++ {
		t.Run(fmt.Sprint(version), func(t *testing.T) {
			golden, err := os.ReadFile(fmt.Sprintf("testdata/version%d.db", version))
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(t.TempDir(), "runs.db")
			if err := os.WriteFile(path, golden, 0o600); err != nil {
				t.Fatal(err)
			}
			s := opened(t, path)
			n := 0
			for r, err := range s.Runs(t.Context(), bench.Query{Samples: true}) {
				if err != nil {
					t.Fatal(err)
				}
				n++
				if sum := bench.Summarise(r); len(r.Samples) == 0 || !sum.P50.OK || r.Location != "us-west-2" {
					t.Errorf("run %s: %d samples, P50 %v", r.ID, len(r.Samples), sum.P50)
				}
			}
			sums, err := s.Aggregate(t.Context(), bench.Query{})
			if n != 2 || err != nil || len(sums) != 2 || sums[0].Counts.Sent+sums[1].Counts.Sent != 140 {
				t.Errorf("%d runs, %+v, %v", n, sums, err)
			}
			if err := s.Save(t.Context(), bench.NewRecord(benchtest.StoredRun(5, time.Now()))); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestMakeGolden writes testdata of the newest version when it is asked to: RTCBENCH_GOLDEN=1.
func TestMakeGolden(t *testing.T) {
	path := fmt.Sprintf("testdata/version%d.db", len(migrations))
	if os.Getenv("RTCBENCH_GOLDEN") == "" {
		if _, err := os.Stat(path); err != nil {
			t.Errorf("%v: make it with RTCBENCH_GOLDEN=1", err)
		}
		return
	}
	os.Remove(path)
	s := opened(t, path)
	for i, n := range []int{40, 100} {
		r := benchtest.StoredRun(n, time.Date(2026, 11, 23, 12, i, 0, 0, time.UTC))
		if i == 1 {
			r.Facts.Engine = "browser"
		}
		if err := s.Save(t.Context(), bench.NewRecord(r)); err != nil {
			t.Fatal(err)
		}
	}
	s.read.Close()
	if _, err := s.db.Exec("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = delete; VACUUM"); err != nil {
		t.Fatal(err)
	}
}

func TestFilesThatAreNotOurs(t *testing.T) {
	dir := t.TempDir()
	file := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	foreign := filepath.Join(dir, "foreign.db")
	db, err := sql.Open("sqlite", foreign)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("CREATE TABLE mine (x)"); err != nil {
		t.Fatal(err)
	}
	db.Close()
	newer := filepath.Join(dir, "newer.db")
	s := opened(t, newer)
	if _, err := s.db.Exec("PRAGMA user_version = 99"); err != nil {
		t.Fatal(err)
	}
	s.Close()
	for path, want := range map[string]string{
		file("text.db", bytes.Repeat([]byte("this is not a database "), 300)): "is damaged",
		foreign:                           "is no store of rtcbench",
		newer:                             "a newer one made it",
		filepath.Join(foreign, "runs.db"): "make the folder",
	} {
		before, _ := os.ReadFile(path)
		_, err := Open(t.Context(), path)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
		if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
			t.Errorf("%s was changed", path)
		}
	}
	empty := file("empty.db", nil)
	_, err = OpenToRead(t.Context(), empty)
	if info, gone := os.Stat(empty); err == nil || !strings.Contains(err.Error(), "is empty") || gone != nil ||
		info.Size() > 0 {
		t.Errorf("who reads makes a store of an empty file: %v, %v", err, gone)
	}
}

// A process that was killed while it made the file costs nothing: the next one finds its journal, and rolls it back.
func TestFileOfAKilledMaker(t *testing.T) {
	path := filepath.Join(t.TempDir(), "runs.db")
	for _, tail := range []string{"", "-journal"} {
		data, err := os.ReadFile("testdata/killed.db" + tail)
		if err == nil {
			err = os.WriteFile(path+tail, data, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	s, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Save(t.Context(), bench.NewRecord(benchtest.StoredRun(5, time.Now()))); err != nil {
		t.Error(err)
	}
	// No test can cut the power; what holds then is what SQLite promises of this setting
	// (sqlite.org/pragma.html#pragma_synchronous).
	const full = 2
	var got int
	if err := s.db.QueryRowContext(t.Context(), "PRAGMA synchronous").Scan(&got); err != nil || got != full {
		t.Errorf("synchronous is %d, %v", got, err)
	}
}

// TestReaderSeesOneMoment: a sum is not torn by a run that is saved between its parts.
func TestReaderSeesOneMoment(t *testing.T) {
	path := filepath.Join(t.TempDir(), "runs.db")
	s := opened(t, path)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	done := make(chan error, 1)
	go func() {
		w, err := Open(ctx, path)
		if err != nil {
			done <- err
			return
		}
		defer w.Close()
		for i := range 100 {
			if err := w.Save(ctx,
				bench.NewRecord(benchtest.StoredRun(5, time.Date(2026, 11, 23, i%30, i%60, 0, 0, time.UTC)))); err !=
				nil {
				done <- err
				return
			}
		}
		done <- io.EOF
	}()
	for {
		sums, err := s.Aggregate(ctx, bench.Query{Since: time.Date(2026, 11, 23, 0, 30, 0, 0, time.UTC)})
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range sums {
			if a.Counts.Sent != 5*a.Runs || int(a.Histogram.Total()) != a.Counts.Answered {
				t.Fatalf("%d runs with %d pings and %d in the histogram", a.Runs, a.Counts.Sent, a.Histogram.Total())
			}
		}
		select {
		case err := <-done:
			if err != io.EOF {
				t.Fatal(err)
			}
			return
		default:
		}
	}
}
