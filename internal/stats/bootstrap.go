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

// DifferenceOfQuantiles is NewSeries(a).Minus(NewSeries(b), q, paired), for a caller that needs one quantile.
func DifferenceOfQuantiles(a, b []time.Duration, q float64, paired bool) (d Difference, ok bool) {
	return NewSeries(a).Minus(NewSeries(b), q, paired)
}

// Series is what resamples are drawn from: values in sending order, sorted once for all quantiles that are computed
// from them. A Series does not change after it was made, and may be used by several goroutines.
type Series struct {
	values  []time.Duration
	sorted  []time.Duration
	ranks   []uint32 // of each value, in sending order, from 0; equal values by their order
	reach   float64  // how long blocks have to be for the ranks
	related float64  // correlation of neighbouring ranks
}

// NewSeries sorts d, and finds how far its values depend on each other.
func NewSeries(d []time.Duration) *Series {
	n := len(d)
	order := make([]uint32, n)
	for i := range order {
		order[i] = uint32(i)
	}
	slices.SortFunc(order, func(i, j uint32) int { return cmp.Or(cmp.Compare(d[i], d[j]), int(i)-int(j)) })
	s := &Series{values: d, sorted: make([]time.Duration, n), ranks: make([]uint32, n)}
	ranks := make([]float64, n)
	for rank, i := range order {
		s.sorted[rank], s.ranks[i], ranks[i] = d[i], uint32(rank), float64(rank)
	}
	if n > 1 {
		s.reach, s.related = automaticBlock(ranks)
	}
	return s
}

// Minus estimates quantile(s, q) − quantile(o, q) of two series, by the circular block bootstrap (Politis and Romano,
// 1992): neighbouring pings are alike, and single ones drawn at random would hide that. The series themselves tell how
// long the blocks are, and how much of the dependence they still miss: see at. When paired, s and o are of the same
// moments, one value each, and are drawn together. The draws are always the same. ok is false below 10 values a side.
func (s *Series) Minus(o *Series, q float64, paired bool) (d Difference, ok bool) {
	n, m := len(s.sorted), len(o.sorted)
	if n < 10 || m < 10 || paired && n != m {
		return d, false
	}
	x, y := s.at(q), o.at(q)
	if paired {
		x.block = max(x.block, y.block)
		y.block = x.block
	}
	d.Value = x.value - y.value
	rng := rand.New(rand.NewPCG(uint64(n), uint64(m)))
	diffs := make([]time.Duration, max(200, min(resamples, resampleWork/(n+m))))
	for i := range diffs {
		seed := rng.Uint64()
		second := uint64(2)
		if paired {
			second = 1 // the same blocks
		}
		diffs[i] = x.draw(seed, 1) - y.draw(seed, second)
	}
	slices.Sort(diffs)
	lo, _ := Quantile(diffs, 0.025)
	hi, _ := Quantile(diffs, 0.975)
	widen := max(x.widen, y.widen)
	d.Lo = d.Value - round(widen*float64(max(0, d.Value-lo)))
	d.Hi = d.Value + round(widen*float64(max(0, hi-d.Value)))
	return d, true
}

// quantile is one quantile of a series, ready to be drawn again and again.
type quantile struct {
	of     *Series
	q      float64
	value  time.Duration
	block  int     // length of a block
	widen  float64 // how much wider the interval has to be than the resamples say
	window window
	far    *window // all ranks, for draws that leave the window
}

// at finds the length of the blocks: the largest of n^(1/3) and what Politis and White's rule
// (automaticBlock) gives for the ranks of the values and for "this value is below the quantile", whose
// long-run variance is that of the quantile.
//
// Two errors are then put right. Dependence that reaches from one block into the next is not seen: this is corrected by
// the ratio that a first-order autoregression with the same correlation of neighbours would need (Andrews and Monahan,
// Econometrica 60, 1992, prewhiten with the same model). Few blocks say little of their own variance: this is corrected
// by Student's t with as many degrees as both sides have blocks (Hesterberg, Am. Stat. 69, 2015, "expanded percentile
// interval"). docs/methodology.md holds the coverage reached.
func (s *Series) at(q float64) *quantile {
	n := len(s.sorted)
	z := &quantile{of: s, q: q}
	z.value, _ = Quantile(s.sorted, q)
	below := make([]float64, n)
	for i, v := range s.values {
		if v <= z.value {
			below[i] = 1
		}
	}
	other, _ := automaticBlock(below)
	z.block = int(math.Ceil(max(math.Cbrt(float64(n)), s.reach, other)))
	r1 := s.related + (1+3*s.related)/float64(n) // the bias of r1 (Kendall, Biometrika 41, 1954)
	r1 = min(max(r1, 0), 1-1/math.Sqrt(float64(n)))
	all, l := (1+r1)/(1-r1), float64(z.block)
	within := all - 2*r1*(1-math.Pow(r1, l))/(l*(1-r1)*(1-r1))
	blocks := float64(n) / l
	z.widen = math.Sqrt(all/within) * math.Sqrt(blocks/(blocks-1)) * studentT(2*(blocks-1)) / z95
	reach := 8*math.Sqrt(float64(n)*q*(1-q)*all) + 2*l + 64 // hardly a draw leaves it
	middle := float64(n-1) * q
	z.window = newWindow(s.ranks, int(middle-reach), int(middle+reach))
	return z
}

// window counts how often each rank from low to high was drawn, and counts all ranks below low together. A block of
// neighbours is counted by those of its values that lie within the window: these are few where the window is small.
type window struct {
	low    int
	ranks  []uint32 // of the values within, in sending order, from low
	before []passed // [i] is of the values before the i-th, in sending order
	counts []uint32 // of each rank within
	below  int
}

// passed is how many values there are within a window and below it, up to some value.
type passed struct{ within, below uint32 }

func newWindow(ranks []uint32, low, high int) window {
	low, high = max(low, 0), min(high, len(ranks)-1)
	w := window{low: low, before: make([]passed, len(ranks)+1), counts: make([]uint32, high-low+1)}
	w.ranks = make([]uint32, 0, len(w.counts))
	for i, rank := range ranks {
		next := w.before[i]
		switch at := int(rank) - low; {
		case at < 0:
			next.below++
		case at < len(w.counts):
			next.within++
			w.ranks = append(w.ranks, uint32(at))
		}
		w.before[i+1] = next
	}
	return w
}

// count counts the values from index from to before index to, in sending order.
func (w *window) count(from, to int) {
	first, end := w.before[from], w.before[to]
	w.below += int(end.below - first.below)
	for _, at := range w.ranks[first.within:end.within] {
		w.counts[at]++
	}
}

// draw is the quantile of the resample that the seeds give. Ranks are counted, so that nothing is sorted again.
func (z *quantile) draw(seed, stream uint64) time.Duration {
	if d, ok := z.drawWithin(&z.window, seed, stream); ok {
		return d
	}
	if z.far == nil {
		w := newWindow(z.of.ranks, 0, len(z.of.ranks)-1)
		z.far = &w
	}
	d, _ := z.drawWithin(z.far, seed, stream)
	return d
}

// drawWithin is draw with the window w; ok is false where the quantile lies outside w.
func (z *quantile) drawWithin(w *window, seed, stream uint64) (d time.Duration, ok bool) {
	rng := rand.New(rand.NewPCG(seed, stream))
	n := len(w.before) - 1
	clear(w.counts)
	w.below = 0
	for left := n; left > 0; {
		from, length := rng.IntN(n), min(z.block, left)
		left -= length
		end := min(from+length, n)
		w.count(from, end)
		w.count(0, length-(end-from)) // on from the beginning
	}
	h := float64(n-1) * z.q
	i, seen, at := int(h), w.below, 0
	if seen > i {
		return 0, false
	}
	for ; seen <= i && at < len(w.counts); at++ {
		seen += int(w.counts[at])
	}
	if seen <= i {
		return 0, false
	}
	sorted := z.of.sorted
	lo := sorted[w.low+at-1]
	if seen > i+1 || i == n-1 {
		return lo, true
	}
	for at < len(w.counts) && w.counts[at] == 0 {
		at++
	}
	if at == len(w.counts) {
		return 0, false
	}
	return lo + round((h-float64(i))*float64(sorted[w.low+at]-lo)), true
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
	r := newAutocovariance(y)
	if r.at(0) == 0 {
		return 1, 0
	}
	small := 2 * math.Sqrt(math.Log10(n)/n) * r.at(0)
	last := most                    // the last lag that matters
	for m, run := 0, 0; m < most; { // run: so many small ones, one after the other, up to m
		m++
		if run++; math.Abs(r.at(m)) >= small {
			run = 0
		}
		if run == quiet {
			last = m - quiet
			break
		}
	}
	window := max(1, min(2*last, most))
	g, variance := 0.0, r.at(0)
	for k := 1; k <= window; k++ { // the flat-top window
		w := min(1, 2*(1-float64(k)/float64(window)))
		g += 2 * w * float64(k) * r.at(k)
		variance += 2 * w * r.at(k)
	}
	r1 = r.at(1) / r.at(0)
	if variance <= 0 {
		return 1, r1
	}
	length = math.Cbrt(1.5 * g * g / (variance * variance) * n) // 2G²/D with D = 4/3·variance²
	return min(max(1, length), 3*math.Sqrt(n), n/3), r1
}

// autocovariance computes a lag only when it is asked for: for most series few lags are needed.
type autocovariance struct {
	y    []float64
	mean float64
	r    []float64 // of the lags up to now
}

func newAutocovariance(y []float64) *autocovariance {
	a := &autocovariance{y: y}
	for _, v := range y {
		a.mean += v / float64(len(y))
	}
	return a
}

func (a *autocovariance) at(lag int) float64 {
	for k := len(a.r); k <= lag; k++ {
		sum := 0.0
		for i := k; i < len(a.y); i++ {
			sum += (a.y[i] - a.mean) * (a.y[i-k] - a.mean)
		}
		a.r = append(a.r, sum/float64(len(a.y)))
	}
	return a.r[lag]
}

// studentT is the 0.975 quantile of Student's t with df ≥ 3 degrees of freedom, to 0.03 (the expansion of
// Abramowitz and Stegun, 26.7.5).
func studentT(df float64) float64 {
	z := z95
	z2 := z * z
	return z + z*(z2+1)/(4*df) + z*((5*z2+16)*z2+3)/(96*df*df) + z*(((3*z2+19)*z2+17)*z2-15)/(384*df*df*df)
}
