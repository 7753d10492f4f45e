package stats

import (
	"cmp"
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
	resampleWork = 40_000_000 // values drawn at the most, in all resamples
)

// DifferenceOfQuantiles estimates quantile(a, q) − quantile(b, q) of two series in sending order, by the
// circular block bootstrap (Politis and Romano, 1992): neighbouring pings are alike, and single
// ones drawn at random would hide that. How long the blocks are, and how much of the dependence they
// still miss, is told by the series: see newSeries. When paired, a and b are of the same moments, one
// value each, and are drawn together. The draws are always the same. ok is false below 10 values a side.
func DifferenceOfQuantiles(a, b []time.Duration, q float64, paired bool) (d Difference, ok bool) {
	if len(a) < 10 || len(b) < 10 || paired && len(a) != len(b) {
		return d, false
	}
	x, y := newSeries(a, q), newSeries(b, q)
	if paired {
		x.block = max(x.block, y.block)
		y.block = x.block
	}
	d.Value = x.value - y.value
	rng := rand.New(rand.NewPCG(uint64(len(a)), uint64(len(b))))
	diffs := make([]time.Duration, max(200, min(resamples, resampleWork/(len(a)+len(b)))))
	for i := range diffs {
		seed := rng.Uint64()
		second := uint64(2)
		if paired {
			second = 1 // the same blocks
		}
		diffs[i] = x.draw(rand.New(rand.NewPCG(seed, 1))) - y.draw(rand.New(rand.NewPCG(seed, second)))
	}
	slices.Sort(diffs)
	lo, _ := Quantile(diffs, 0.025)
	hi, _ := Quantile(diffs, 0.975)
	widen := max(x.widen, y.widen)
	d.Lo = d.Value - round(widen*float64(max(0, d.Value-lo)))
	d.Hi = d.Value + round(widen*float64(max(0, hi-d.Value)))
	return d, true
}

// series is what a resample is drawn from.
type series struct {
	sorted []time.Duration
	ranks  []int // of each value, in sending order, from 0; equal values by their order
	q      float64
	value  time.Duration // its q quantile
	block  int           // length of a block
	widen  float64       // how much wider the interval has to be than the resamples say
	counts []int         // scratch: how often each rank was drawn
}

// newSeries finds the length of the blocks: the largest of n^(1/3) and what Politis and White's rule
// (automaticBlock) gives for the ranks of the values and for "this value is below the quantile", whose
// long-run variance is that of the quantile.
//
// Blocks hide what reaches from one into the next, and few blocks say little of their own variance.
// The first is put right by the ratio that a first-order autoregression of the same correlation of
// neighbours would need (Andrews and Monahan, Econometrica 60, 1992, prewhiten with the same model), the
// second by Student's t of as many degrees as both sides have blocks (Hesterberg, Am. Stat. 69, 2015,
// "expanded percentile interval"). docs/methodology.md holds the coverage reached.
func newSeries(d []time.Duration, q float64) *series {
	n := len(d)
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int { return cmp.Or(cmp.Compare(d[i], d[j]), i-j) })
	s := &series{sorted: make([]time.Duration, n), ranks: make([]int, n), q: q, counts: make([]int, n)}
	for rank, i := range order {
		s.sorted[rank], s.ranks[i] = d[i], rank
	}
	s.value, _ = Quantile(s.sorted, q)
	ranks, below := make([]float64, n), make([]float64, n)
	for i, v := range d {
		ranks[i] = float64(s.ranks[i])
		if v <= s.value {
			below[i] = 1
		}
	}
	length, r1 := automaticBlock(ranks)
	other, _ := automaticBlock(below)
	s.block = int(math.Ceil(max(math.Cbrt(float64(n)), length, other)))
	r1 += (1 + 3*r1) / float64(n) // the bias of r1 (Kendall, Biometrika 41, 1954)
	r1 = min(max(r1, 0), 1-1/math.Sqrt(float64(n)))
	all, l := (1+r1)/(1-r1), float64(s.block)
	within := all - 2*r1*(1-math.Pow(r1, l))/(l*(1-r1)*(1-r1))
	blocks := float64(n) / l
	s.widen = math.Sqrt(all/within) * math.Sqrt(blocks/(blocks-1)) * studentT(2*(blocks-1)) / z95
	return s
}

// draw is the quantile of one resample. Ranks are counted, so that nothing is sorted again.
func (s *series) draw(rng *rand.Rand) time.Duration {
	ranks, counts, n := s.ranks, s.counts, len(s.ranks)
	clear(counts)
	for left := n; left > 0; {
		from, length := rng.IntN(n), min(s.block, left)
		left -= length
		end := min(from+length, n)
		for _, rank := range ranks[from:end] {
			counts[rank]++
		}
		for _, rank := range ranks[:length-(end-from)] { // on from the beginning
			counts[rank]++
		}
	}
	h := float64(n-1) * s.q
	i, seen, rank := int(h), 0, 0
	for ; seen <= i; rank++ {
		seen += counts[rank]
	}
	lo := s.sorted[rank-1]
	if seen > i+1 || i == n-1 {
		return lo
	}
	for counts[rank] == 0 {
		rank++
	}
	return lo + round((h-float64(i))*float64(s.sorted[rank]-lo))
}

// maxLag bounds the work of automaticBlock in runs of millions of pings.
const maxLag = 500

// automaticBlock is the length of block that gives the least error of a mean's variance by the circular
// bootstrap (Politis and White, Econometric Reviews 23, 2004; with Patton's correction, 28, 2009), and the
// correlation of neighbours. It is at most 3·√n and n/3.
func automaticBlock(y []float64) (length, r1 float64) {
	n := float64(len(y))
	quiet := max(5, int(math.Ceil(math.Sqrt(math.Log10(n))))) // so many small correlations end the search
	most := min(len(y)/2, int(math.Ceil(math.Sqrt(n)))+quiet, maxLag)
	r := autocovariance(y, most)
	if r[0] == 0 {
		return 1, 0
	}
	small := 2 * math.Sqrt(math.Log10(n)/n) * r[0]
	last := most // the last lag that matters
	for m := 0; m+quiet <= most; m++ {
		if !slices.ContainsFunc(r[m+1:m+quiet+1], func(v float64) bool { return math.Abs(v) >= small }) {
			last = m
			break
		}
	}
	window := max(1, min(2*last, most))
	g, variance := 0.0, r[0]
	for k := 1; k <= window; k++ { // the flat-top window
		w := min(1, 2*(1-float64(k)/float64(window)))
		g += 2 * w * float64(k) * r[k]
		variance += 2 * w * r[k]
	}
	r1 = r[1] / r[0]
	if variance <= 0 {
		return 1, r1
	}
	length = math.Cbrt(1.5 * g * g / (variance * variance) * n) // 2G²/D with D = 4/3·variance²
	return min(max(1, length), 3*math.Sqrt(n), n/3), r1
}

func autocovariance(y []float64, lags int) []float64 {
	mean := 0.0
	for _, v := range y {
		mean += v / float64(len(y))
	}
	r := make([]float64, lags+1)
	for k := range r {
		for i := k; i < len(y); i++ {
			r[k] += (y[i] - mean) * (y[i-k] - mean)
		}
		r[k] /= float64(len(y))
	}
	return r
}

// studentT is the 0.975 quantile of Student's t with df ≥ 3 degrees of freedom, to 0.03 (the expansion of
// Abramowitz and Stegun, 26.7.5).
func studentT(df float64) float64 {
	z := z95
	z2 := z * z
	return z + z*(z2+1)/(4*df) + z*((5*z2+16)*z2+3)/(96*df*df) + z*(((3*z2+19)*z2+17)*z2-15)/(384*df*df*df)
}
