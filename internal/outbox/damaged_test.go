package outbox

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/result"
	"rtcbench/internal/store/sqlite"
)

// Of sixty stores with random flips in them, none lets a run leave the outbox that it cannot give back.
func TestSixtyDamagedStores(t *testing.T) {
	sound := filepath.Join(t.TempDir(), "runs.db")
	s, err := sqlite.Open(t.Context(), sound)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 40 { // the last one is of today: no look through the file is due
		if err := s.Save(t.Context(),
			bench.NewRecord(benchtest.StoredRun(100, time.Now().Add(time.Duration(i-40)*time.Second)))); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(sound)
	if err != nil {
		t.Fatal(err)
	}
	taken, anew := 0, 0
	for seed := range 60 {
		rng := rand.New(rand.NewPCG(39, uint64(seed)))
		dir := t.TempDir()
		path := filepath.Join(dir, "runs.db")
		harmed := append([]byte(nil), data...)
		for range 1 + rng.IntN(300) {
			harmed[rng.IntN(len(harmed))] ^= 1 << rng.IntN(8)
		}
		if err := os.WriteFile(path, harmed, 0o600); err != nil {
			t.Fatal(err)
		}
		box := Open(filepath.Join(dir, "outbox"), 1<<30)
		run := benchtest.StoredRun(100, time.Now())
		if err := box.Put(result.NewDocument(bench.NewRecord(run)), []string{path}); err != nil {
			t.Fatal(err)
		}
		c := box.To([]Target{sqliteTarget(path)}, 30*time.Second)
		out, err := c.Deliver(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		c.Close()
		if out.Delivered == 0 {
			if waiting, err := box.Waiting(); err != nil || len(waiting) != 1 {
				t.Errorf("seed %d: not delivered and not waiting: %v", seed, err)
			}
			continue
		}
		taken++
		if aside, _ := filepath.Glob(path + ".damaged-*"); len(aside) > 0 {
			anew++
		}
		back, err := sqlite.OpenToRead(t.Context(), path)
		if err != nil {
			t.Errorf("seed %d: %v", seed, err)
			continue
		}
		for _, q := range []bench.Query{{ID: run.ID, Samples: true}, {Samples: true}} {
			found := false
			for r, err := range back.Runs(t.Context(), q) {
				found = found || err == nil && r.ID == run.ID && len(r.Samples) == len(run.Samples)
			}
			if !found {
				t.Errorf("seed %d: the run left the outbox, and %+v does not give it back", seed, q)
			}
		}
		back.Close()
	}
	t.Logf("%d of 60 took the run, %d in a new store", taken, anew)
}
