package sqlite

import (
	"path/filepath"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
)

func BenchmarkSave(b *testing.B) {
	s, err := Open(b.Context(), filepath.Join(b.TempDir(), "runs.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	runs := make([]bench.Run, 0, b.N)
	for i := range b.N {
		runs = append(runs, benchtest.StoredRun(100, time.Now().Add(time.Duration(i)*time.Second)))
	}
	b.ResetTimer()
	for _, r := range runs {
		if err := s.Save(b.Context(), bench.NewRecord(r)); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(100*b.N)/b.Elapsed().Seconds(), "samples/s")
}
