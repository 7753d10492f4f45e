package recent

import (
	"context"
	"iter"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/result"
	"rtcbench/internal/store/sqlite"
)

// counted is a store that counts the runs which are read from it.
type counted struct {
	*sqlite.Store
	runs int
}

func (c *counted) Runs(ctx context.Context, q bench.Query) iter.Seq2[bench.Run, error] {
	return func(yield func(bench.Run, error) bool) {
		for r, err := range c.Store.Runs(ctx, q) {
			if c.runs++; !yield(r, err) {
				return
			}
		}
	}
}

// whole are runs, a line each, in their order.
func whole(t *testing.T, all iter.Seq2[bench.Run, error]) (lines []string) {
	t.Helper()
	for r, err := range all {
		if err != nil {
			t.Fatal(err)
		}
		line, err := result.NewDocument(bench.NewRecord(r)).Line()
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, string(line))
	}
	return lines
}

// TestRunsAreTheStores: the runs from memory are those of the store, in its order, whatever comes and goes meanwhile,
// and also where several ended at the same moment; what was read once is not read again.
func TestRunsAreTheStores(t *testing.T) {
	s := &counted{Store: opened(t, filepath.Join(t.TempDir(), "runs.db"))}
	m := New(now, nil)
	random := rand.New(rand.NewPCG(3, 4))
	queries := []bench.Query{{}, {Limit: 3}, {Limit: 200}, {Since: noon.Add(-20 * time.Hour)},
		{Since: noon.Add(-20 * time.Hour), Limit: 4}, {Since: noon.Add(-60 * time.Hour)},
		{Location: "place-1", Since: noon.Add(-23 * time.Hour)}, {Location: "place-2", Limit: 2},
		{Since: noon.Add(-20 * time.Hour), Until: noon.Add(-2 * time.Hour), Limit: 5}, {Location: "nowhere", Limit: 2}}
	var ids []string
	for step := range 14 {
		if n := len(ids); n > 4 && random.IntN(3) == 0 {
			if _, err := s.Remove(t.Context(), ids[0]); err != nil {
				t.Fatal(err)
			}
			ids = ids[1:]
		}
		run := aRun(random)
		for range 1 + step%2 { // two of them end at the same moment
			if err := s.Save(t.Context(), bench.NewRecord(run)); err != nil {
				t.Fatal(err)
			}
			ids = append(ids, run.ID)
			run.ID = benchtest.StoredRun(3, run.End).ID
		}
		if err := m.Look(t.Context(), s, nil); err != nil {
			t.Fatal(err)
		}
		v, _ := m.View(s)
		for _, q := range queries {
			got, want := whole(t, v.Runs(t.Context(), q)), whole(t, s.Store.Runs(t.Context(), q))
			if !slices.Equal(got, want) {
				t.Fatalf("step %d, %+v: %d runs, the store has %d", step, q, len(got), len(want))
			}
		}
	}
}

// TestARunIsReadOnce: what was read is remembered, and a new run is read alone.
func TestARunIsReadOnce(t *testing.T) {
	s := &counted{Store: opened(t, filepath.Join(t.TempDir(), "runs.db"))}
	m := New(now, nil)
	for n, read := range []int{10, 0, 1, 0, 1} {
		for i := range 10 * (1 - min(1, n)) { // ten at first
			run := benchtest.StoredRun(3, noon.Add(-time.Duration(10-i)*time.Minute))
			if err := s.Save(t.Context(), bench.NewRecord(run)); err != nil {
				t.Fatal(err)
			}
		}
		if n > 0 && read == 1 {
			run := benchtest.StoredRun(3, noon.Add(-time.Duration(10-n)*time.Second))
			if err := s.Save(t.Context(), bench.NewRecord(run)); err != nil {
				t.Fatal(err)
			}
		}
		if err := m.Look(t.Context(), s, nil); err != nil {
			t.Fatal(err)
		}
		v, _ := m.View(s)
		before := s.runs
		got := whole(t, v.Runs(t.Context(), bench.Query{Since: noon.Add(-time.Hour)}))
		if s.runs-before != read || len(got) < 10 {
			t.Errorf("question %d: %d runs were read for %d, want %d", n, s.runs-before, len(got), read)
		}
	}
}
