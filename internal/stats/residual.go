package stats

import (
	"math/rand/v2"
	"slices"
	"time"
)

// Residual estimates what is left of the q quantile of measured when the expected one is taken off: the quantile that
// injected and floor make together (quantileOfSums). measured and injected hold one value each of the same moments;
// floor holds what is added where nothing is injected. The interval comes from the circular block bootstrap of all
// three, as that of DifferenceOfQuantiles does. The draws are always the same. ok is false below 10 values a side.
func Residual(measured, injected, floor []time.Duration, q float64) (d Difference, ok bool) {
	if len(measured) < 10 || len(measured) != len(injected) || len(floor) < 10 {
		return d, false
	}
	x, y, f := NewSeries(measured).at(q), NewSeries(injected).at(q), NewSeries(floor).at(q)
	rng := rand.New(rand.NewPCG(uint64(len(measured)), uint64(len(floor))))
	d.Value = x.value - quantileOfSums(injected, floor, q, sumRounds(len(injected)), rng)
	const draws, rounds = 300, 15
	m, i, own := make([]time.Duration, len(measured)), make([]time.Duration, len(measured)),
		make([]time.Duration, len(floor))
	values := make([]time.Duration, draws)
	for k := range values {
		resample(rng, max(x.block, y.block), func(to, from int) {
			m[to], i[to] = measured[from], injected[from]
		}, len(m))
		resample(rng, f.block, func(to, from int) { own[to] = floor[from] }, len(own))
		slices.Sort(m)
		v, _ := Quantile(m, q)
		values[k] = v - quantileOfSums(i, own, q, rounds, rng)
	}
	slices.Sort(values)
	lo, _ := Quantile(values, 0.025)
	hi, _ := Quantile(values, 0.975)
	widen := max(x.widen, y.widen, f.widen)
	d.Lo = d.Value - round(widen*float64(max(0, d.Value-lo)))
	d.Hi = d.Value + round(widen*float64(max(0, hi-d.Value)))
	return d, true
}

// resample calls put with the place and the origin of each of the n values of a resample by blocks.
func resample(rng *rand.Rand, block int, put func(to, from int), n int) {
	for to := 0; to < n; {
		from := rng.IntN(n)
		for k := 0; k < block && to < n; k++ {
			put(to, (from+k)%n)
			to++
		}
	}
}

// sumRounds is how many samples of n sums are drawn for a value that users see.
func sumRounds(n int) int {
	const work = 4_000_000 // values drawn
	return max(20, min(400, work/n))
}

// quantileOfSums is the mean q quantile of len(a) sums x + y, where x is each value of a once, and y is drawn from b
// independently of x. The quantile is that of a sample as large as a, because in a thin tail the quantile of all
// possible sums differs from it.
func quantileOfSums(a, b []time.Duration, q float64, rounds int, rng *rand.Rand) time.Duration {
	sums, mean := make([]time.Duration, len(a)), 0.0
	for range rounds {
		for i, x := range a {
			sums[i] = x + b[rng.IntN(len(b))]
		}
		slices.Sort(sums)
		v, _ := Quantile(sums, q)
		mean += float64(v) / float64(rounds)
	}
	return round(mean)
}
