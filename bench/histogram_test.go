package bench

import (
	"testing"
	"time"

	"rtcbench/internal/stats"
)

// TestHoursAreNotClamped: sums tell an hour from a day, in what stores keep and in what files hold.
func TestHoursAreNotClamped(t *testing.T) {
	for _, d := range []time.Duration{time.Hour, 3 * time.Hour, 40 * time.Hour, 5000 * time.Hour} {
		h := stats.HistogramOf([]time.Duration{d, d, d})
		text, err := EncodeHistogram(h)
		if err != nil {
			t.Fatal(err)
		}
		file, err := DecodeHistogram(text)
		if err != nil {
			t.Fatal(err)
		}
		packed, _ := h.MarshalBinary()
		var sum stats.Sum
		if err := sum.AddBinary(packed); err != nil {
			t.Fatal(err)
		}
		for what, got := range map[string]stats.Histogram{"a file": file, "a store": sum.Histogram()} {
			if p50, _ := got.Quantile(0.5); (p50-d).Abs() > d/1000 || got.Total() != 3 {
				t.Errorf("%v came back from %s as %v, %d times", d, what, p50, got.Total())
			}
		}
	}
}
