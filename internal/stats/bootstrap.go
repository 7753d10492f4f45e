package stats

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// Difference is an estimate with its 95 % confidence interval.
type Difference struct{ Value, Lo, Hi time.Duration }

// Excludes0 reports whether the interval lies on one side of zero.
func (d Difference) Excludes0() bool { return d.Lo > 0 || d.Hi < 0 }

const (
	resamples    = 2000
	resampleWork = 8_000_000 // values drawn at the most, in all resamples
)

// DifferenceOfQuantiles estimates quantile(a, q) − quantile(b, q) with a percentile interval by the
// moving block bootstrap (Künsch, Ann. Stat. 17, 1989; blocks of n^(1/3)): neighbouring pings are
// alike, and single ones drawn at random would hide that. When paired, a and b are of the same
// moments, one value each, and are drawn together. The draws are always the same. ok is false
// below 10 values a side.
func DifferenceOfQuantiles(a, b []time.Duration, q float64, paired bool) (d Difference, ok bool) {
	if len(a) < 10 || len(b) < 10 || paired && len(a) != len(b) {
		return d, false
	}
	at := func(x []time.Duration) time.Duration { v, _ := Quantile(Sorted(x), q); return v }
	d.Value = at(a) - at(b)
	rng := rand.New(rand.NewPCG(uint64(len(a)), uint64(len(b))))
	n := max(200, min(resamples, resampleWork/(len(a)+len(b))))
	diffs := make([]time.Duration, n)
	x, y := make([]time.Duration, len(a)), make([]time.Duration, len(b))
	for i := range diffs {
		seed := rng.Uint64()
		drawBlocks(x, a, rand.New(rand.NewPCG(seed, 1)))
		second := uint64(2)
		if paired {
			second = 1 // the same blocks
		}
		drawBlocks(y, b, rand.New(rand.NewPCG(seed, second)))
		slices.Sort(x)
		slices.Sort(y)
		u, _ := Quantile(x, q)
		v, _ := Quantile(y, q)
		diffs[i] = u - v
	}
	slices.Sort(diffs)
	d.Lo, _ = Quantile(diffs, 0.025)
	d.Hi, _ = Quantile(diffs, 0.975)
	return d, true
}

// drawBlocks fills dst with blocks of src that begin anywhere.
func drawBlocks(dst, src []time.Duration, rng *rand.Rand) {
	length := max(1, int(math.Cbrt(float64(len(src)))))
	for n := 0; n < len(dst); {
		from := rng.IntN(len(src) - length + 1)
		n += copy(dst[n:], src[from:from+length])
	}
}
