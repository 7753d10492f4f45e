package sqlite

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
)

// contents are the hashes of all files in a folder, but of those that are called so.
func contents(t *testing.T, dir string, without ...string) string {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	text := ""
	for _, f := range list {
		if slices.Contains(without, f.Name()) {
			continue
		}
		data, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		text += fmt.Sprintf("%s %d %x\n", f.Name(), len(data), sha256.Sum256(data))
	}
	return text
}

// Who reads changes no byte, however the store was left, and sees all of it.
func TestReadingChangesNothing(t *testing.T) {
	copied := func(t *testing.T, from, dir string, tails ...string) string {
		to := filepath.Join(dir, "runs.db")
		for _, tail := range tails {
			data, err := os.ReadFile(from + tail)
			if err == nil {
				err = os.WriteFile(to+tail, data, 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		return to
	}
	// A store that is open: its last run is in the log alone.
	live := func(t *testing.T) (string, *Store) {
		path := filepath.Join(t.TempDir(), "live.db")
		s := opened(t, path)
		for range 3 {
			if err := s.Save(t.Context(), bench.NewRecord(benchtest.StoredRun(20, time.Now()))); err != nil {
				t.Fatal(err)
			}
		}
		return path, s
	}
	for name, c := range map[string]struct {
		make func(t *testing.T, dir string) string
		runs int
	}{
		"closed": {func(t *testing.T, dir string) string {
			path, s := live(t)
			s.Close()
			return copied(t, path, dir, "")
		}, 3},
		"killed": {func(t *testing.T, dir string) string {
			path, _ := live(t)
			return copied(t, path, dir, "", "-wal", "-shm")
		}, 3},
		"killed, without its index": {func(t *testing.T, dir string) string {
			path, _ := live(t)
			return copied(t, path, dir, "", "-wal")
		}, 3},
		"killed while it was made": {func(t *testing.T, dir string) string {
			return copied(t, "testdata/killed.db", dir, "", "-journal")
		}, 0},
		"version 1": {func(t *testing.T, dir string) string { return copied(t, "testdata/version1.db", dir, "") }, 2},
		"open elsewhere": {func(t *testing.T, dir string) string {
			path := filepath.Join(dir, "runs.db")
			s := opened(t, path)
			if err := s.Save(t.Context(), bench.NewRecord(benchtest.StoredRun(20, time.Now()))); err != nil {
				t.Fatal(err)
			}
			return path
		}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := c.make(t, dir)
			temp := t.TempDir()
			t.Setenv("TMPDIR", temp)
			// A process that has a store open twice has one mapping of this memory, to write.
			var without []string
			if name == "open elsewhere" {
				without = []string{"runs.db-shm"}
			}
			before := contents(t, dir, without...)
			s, err := OpenToRead(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			for _, q := range []bench.Query{{Samples: true}, {Limit: 10}} {
				if got, errs := read(t.Context(), s, q); len(got) != c.runs || len(errs) > 0 {
					t.Errorf("%d runs, want %d; %v", len(got), c.runs, errs)
				}
			}
			sums, err := s.Aggregate(t.Context(), bench.Query{})
			if err != nil || c.runs > 0 && len(sums) == 0 {
				t.Errorf("%v, %v", sums, err)
			}
			if err := s.Check(t.Context()); err != nil {
				t.Error(err)
			}
			if during := contents(t, dir, without...); during != before {
				t.Errorf("while it is read there is\n%swas\n%s", during, before)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			if after := contents(t, dir, without...); after != before {
				t.Errorf("it was\n%sand is\n%s", before, after)
			}
			if left, _ := os.ReadDir(temp); len(left) > 0 {
				t.Errorf("left among the temporary files: %v", left)
			}
		})
	}
}

// A reader without locks sees what is written meanwhile, and no mixture.
func TestAWriterComesWhileOneReads(t *testing.T) {
	path := filepath.Join(t.TempDir(), "runs.db")
	save := func(n int) {
		s, err := Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		for range n {
			if err := s.Save(t.Context(), bench.NewRecord(benchtest.StoredRun(20, time.Now()))); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Close(); err != nil { // and so it is all in the file
			t.Fatal(err)
		}
	}
	save(1)
	s, err := OpenToRead(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for n := 1; n < 60; n += 10 {
		if got, errs := read(t.Context(), s, bench.Query{Samples: true}); len(got) != n || len(errs) > 0 {
			t.Errorf("%d runs, want %d; %v", len(got), n, errs)
		}
		if sums, err := s.Aggregate(t.Context(), bench.Query{}); err != nil || len(sums) != 1 || sums[0].Runs != n {
			t.Errorf("sums %+v, %v; want %d runs", sums, err, n)
		}
		save(10)
	}
}
