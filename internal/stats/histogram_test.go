package stats

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

func someRTTs(rng *rand.Rand, n int) []time.Duration {
	d := make([]time.Duration, n)
	for i := range d {
		d[i] = time.Duration(math.Exp(rng.Float64()*22)) * time.Microsecond // up to an hour
	}
	return d
}

// TestHistogramIsHdrs: the buckets are those of the library that wrote the result file.
func TestHistogramIsHdrs(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	d := append(someRTTs(rng, 5000), 0, time.Microsecond, 2047*time.Microsecond, 2048*time.Microsecond,
		2049*time.Microsecond, 4095*time.Microsecond, 4096*time.Microsecond, time.Hour, 2*time.Hour, 1000*time.Hour)
	theirs := hdr.New(1, int64(HistogramMax/time.Microsecond), 3)
	for _, v := range d {
		theirs.RecordValue(min(v, HistogramMax).Microseconds())
	}
	ours := HistogramOf(d)
	want := map[int64]int64{}
	for _, b := range theirs.Distribution() {
		if b.Count > 0 {
			want[b.From] = b.Count
		}
	}
	n := 0
	ours.Buckets(func(lo, hi time.Duration, count uint64) bool {
		n++
		if want[lo.Microseconds()] != int64(count) || hi < lo {
			t.Fatalf("bucket %v…%v has %d, HdrHistogram %d", lo, hi, count, want[lo.Microseconds()])
		}
		return true
	})
	if n != len(want) || ours.Total() != uint64(len(d)) {
		t.Errorf("%d buckets with %d values, HdrHistogram has %d", n, ours.Total(), len(want))
	}
}

func TestMergeIsExact(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 50 {
		var all []time.Duration
		var merged Histogram
		for range 5 {
			part := someRTTs(rng, rng.IntN(200))
			all = append(all, part...)
			merged.Merge(HistogramOf(part))
		}
		if !merged.Equal(HistogramOf(all)) {
			t.Fatal("a merged histogram is not that of all values")
		}
		data, _ := merged.MarshalBinary()
		var back Histogram
		if err := back.UnmarshalBinary(data); err != nil || !back.Equal(merged) {
			t.Fatalf("written and read: %v", err)
		}
		if len(data) > 0 && new(Histogram).UnmarshalBinary(data[:len(data)-1]) == nil && data[len(data)-1] < 0x80 &&
			len(all) > 0 {
			t.Error("a cut histogram was read")
		}
		sorted := Sorted(all)
		for _, q := range []float64{0, 0.5, 0.95, 0.99, 1} {
			got, ok := merged.Quantile(q)
			if !ok {
				continue
			}
			want := sorted[max(1, int(math.Ceil(q*float64(len(sorted)))))-1]
			if math.Abs(float64(got-want)) > 0.0005*float64(want)+float64(time.Microsecond) {
				t.Fatalf("q %v: %v, want %v", q, got, want)
			}
		}
	}
}
