package sqlite

import (
	"context"
	"errors"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/result"
)

// TestSaveIsBrokenOff: whoever ends the context in the middle of a transaction is told so, and nothing is kept. No
// further run is tried, and a statement that comes too late is not what the caller is told of.
func TestSaveIsBrokenOff(t *testing.T) {
	s := opened(t, filepath.Join(t.TempDir(), "runs.db"))
	run := benchtest.StoredRun(2, time.Now())
	packed, err := result.Pack(bench.NewRecord(run))
	if err != nil {
		t.Fatal(err)
	}
	for name, do := range map[string]func(context.Context, *batch) error{
		"between two runs": func(ctx context.Context, b *batch) error {
			_, err := b.saveAll(ctx, []bench.Packed{packed.Packed})
			if !errors.Is(err, context.Canceled) {
				t.Errorf("saveAll: %v", err)
			}
			return err
		},
		"before a statement": func(ctx context.Context, b *batch) error {
			_, err := b.save(context.WithoutCancel(ctx), packed.Packed)
			return err
		},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		_, err := s.transact(ctx, func(b *batch) (int, error) {
			cancel()
			for s.db.Stats().InUse > 0 { // until it is rolled back
				runtime.Gosched()
			}
			return 0, do(ctx, b)
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for r, err := range s.Runs(t.Context(), bench.Query{}) {
		t.Errorf("there is %s, %v", r.ID, err)
	}
}
