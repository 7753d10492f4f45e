package stats

import (
	"math"
	"sync"
	"sync/atomic"
)

// z95 is the 0.975 quantile of the standard normal distribution.
const z95 = 1.959963984540054

// QuantileRanks gives the ranks (1-based) of the order statistics that enclose the q quantile
// of the population with 95 % confidence or more, with equal tails: the interval is
// [x(lo), x(hi)]. It assumes nothing but independent values (Conover, Practical Nonparametric
// Statistics, §3.2). ok is false when n values cannot give such an interval.
func QuantileRanks(n int, q float64) (lo, hi int, ok bool) {
	key := ranksKey{n, q}
	if known, there := rankings.Load(key); there {
		lo, hi := known.([2]int)[0], known.([2]int)[1]
		return lo, hi, lo >= 1 && hi <= n
	}
	lo, hi = quantileRanks(n, q)
	if ranked.Add(1) > mostRanks {
		rankings.Clear()
		ranked.Store(1)
	}
	rankings.Store(key, [2]int{lo, hi})
	return lo, hi, lo >= 1 && hi <= n
}

// rankings remembers QuantileRanks: a picture of many runs asks for the same few counts of pings again and again, and
// each answer takes hundreds of steps.
var (
	rankings sync.Map // from ranksKey to [2]int
	ranked   atomic.Int64
)

type ranksKey struct {
	n int
	q float64
}

// mostRanks bounds how many answers are remembered.
const mostRanks = 1 << 14

func quantileRanks(n int, q float64) (lo, hi int) {
	const tail = 0.025
	lo = searchInts(n, func(k int) bool { return binomialCDF(k, n, q) > tail }) // first k above
	hi = 1 + searchInts(n, func(k int) bool { return binomialCDF(k, n, q) >= 1-tail })
	return lo, hi
}

// NeededForQuantile is the least n for which QuantileRanks has an answer.
func NeededForQuantile(q float64) int {
	if n, ok := needed.Load(q); ok {
		return n.(int)
	}
	n := 1
	for {
		if _, _, ok := QuantileRanks(n, q); ok {
			needed.Store(q, n)
			return n
		}
		n++
	}
}

// needed remembers NeededForQuantile: every run asks the same few.
var needed sync.Map

// NeededForBound is the least n for which the largest of n values lies above the q quantile
// with 95 % confidence: 299 for P99, 2995 for P99.9.
func NeededForBound(q float64) int { return int(math.Ceil(math.Log(0.05) / math.Log(q))) }

// Wilson is the 95 % score interval of a ratio k/n (Wilson, J. Am. Stat. Assoc. 22, 1927).
// For k = 0 its upper end is about 3.8/n. ok is false when n is 0.
func Wilson(k, n int) (lo, hi float64, ok bool) {
	if n == 0 {
		return 0, 1, false
	}
	lo, hi = wilson(float64(k), float64(n))
	return lo, hi, true
}

func wilson(k, n float64) (lo, hi float64) {
	p, z2 := k/n, z95*z95
	centre := (p + z2/(2*n)) / (1 + z2/n)
	half := z95 / (1 + z2/n) * math.Sqrt(p*(1-p)/n+z2/(4*n*n))
	lo, hi = max(0, centre-half), min(1, centre+half)
	if k == 0 {
		lo = 0
	}
	if k == n {
		hi = 1
	}
	return lo, hi
}

// ClopperPearson is the exact 95 % interval of a ratio k/n (Clopper and Pearson, Biometrika 26, 1934): every p under
// which neither k and more nor k and fewer successes of n are less likely than 2.5 %. It holds the true ratio in 95 %
// of cases or more. ok is false when n is 0.
func ClopperPearson(k, n int) (lo, hi float64, ok bool) {
	if n == 0 {
		return 0, 1, false
	}
	const tail = 0.025
	lo, hi = 0, 1
	if k > 0 {
		lo = searchUnit(func(p float64) bool { return 1-binomialCDF(k-1, n, p) >= tail })
	}
	if k < n {
		hi = searchUnit(func(p float64) bool { return binomialCDF(k, n, p) <= tail })
	}
	return lo, hi, true
}

// searchUnit is the least p in 0..1 for which f holds, to the last bit. f must hold for all greater p. f is never
// called with 0 or 1.
func searchUnit(f func(float64) bool) float64 {
	lo, hi := 0.0, 1.0
	for {
		mid := (lo + hi) / 2
		switch {
		case mid <= lo || mid >= hi:
			return hi
		case f(mid):
			hi = mid
		default:
			lo = mid
		}
	}
}

// searchInts is the least k in 0..n for which f holds. f must hold for all greater k.
func searchInts(n int, f func(int) bool) int {
	lo, hi := 0, n
	for lo < hi {
		if mid := (lo + hi) / 2; f(mid) {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return lo
}

// binomialCDF is P(X ≤ k) for X ~ Binomial(n, p), 0 < p < 1. It sums the thinner tail from k
// outwards, so that it stays exact where the other terms underflow.
func binomialCDF(k, n int, p float64) float64 {
	if k < 0 {
		return 0
	}
	if k >= n {
		return 1
	}
	odds := p / (1 - p)
	if float64(k) < float64(n)*p {
		sum, term := 0.0, binomialPMF(k, n, p)
		for i := k; i >= 0 && term > sum*1e-17; i-- {
			sum += term
			term *= float64(i) / (float64(n-i+1) * odds)
		}
		return min(1, sum)
	}
	sum, term := 0.0, binomialPMF(k+1, n, p)
	for i := k + 1; i <= n && term > sum*1e-17; i++ {
		sum += term
		term *= float64(n-i) / float64(i+1) * odds
	}
	return max(0, 1-sum)
}

func binomialPMF(k, n int, p float64) float64 {
	lg := func(x int) float64 { v, _ := math.Lgamma(float64(x) + 1); return v }
	return math.Exp(lg(n) - lg(k) - lg(n-k) + float64(k)*math.Log(p) + float64(n-k)*math.Log1p(-p))
}

// MeanInterval is the mean of a series in its order and the half width of its 95 % interval, by the means of 20 batches
// and Student's t (Law, Simulation Modeling and Analysis, §9.5.3): neighbours may be alike, as far as a batch reaches.
// It needs 20 values.
func MeanInterval(series []float64) (mean, half float64, ok bool) {
	const batches = 20
	if len(series) < batches {
		return 0, 0, false
	}
	var means [batches]float64
	for b := range means {
		batch := series[b*len(series)/batches : (b+1)*len(series)/batches]
		for _, v := range batch {
			means[b] += v / float64(len(batch))
		}
	}
	for _, v := range series {
		mean += v / float64(len(series))
	}
	variance := 0.0
	for _, m := range means {
		variance += (m - mean) * (m - mean) / (batches - 1)
	}
	return mean, studentT(batches-1) * math.Sqrt(variance/batches), true
}
