// Package stats is the mathematics of a run: pure functions on durations, loss counts and
// clocks. It reads nothing, prints nothing and knows no platform.
//
// No function changes its arguments. Where an argument is called sorted, it is ascending.
// Functions that have no answer for too few values say so with ok = false.
package stats

import (
	"math"
	"slices"
	"time"
)

// Sorted is d in ascending order, as a new slice.
func Sorted(d []time.Duration) []time.Duration {
	s := slices.Clone(d)
	slices.Sort(s)
	return s
}

// Mean is the arithmetic mean.
func Mean(d []time.Duration) (mean time.Duration, ok bool) {
	if len(d) == 0 {
		return 0, false
	}
	return round(mean64(d)), true
}

// StdDev is the population standard deviation: it divides by n.
func StdDev(d []time.Duration) (dev time.Duration, ok bool) {
	if len(d) == 0 {
		return 0, false
	}
	mean, squares := mean64(d), 0.0
	for _, v := range d {
		squares += (float64(v) - mean) * (float64(v) - mean)
	}
	return round(math.Sqrt(squares / float64(len(d)))), true
}

// Quantile interpolates linearly between the order statistics around (n−1)·q, for q in 0..1
// (definition 7 of Hyndman and Fan, Am. Stat. 50, 1996; numpy's default).
func Quantile(sorted []time.Duration, q float64) (value time.Duration, ok bool) {
	if len(sorted) == 0 {
		return 0, false
	}
	h := float64(len(sorted)-1) * q
	i := int(h)
	if i >= len(sorted)-1 {
		return sorted[len(sorted)-1], true
	}
	lo, hi := float64(sorted[i]), float64(sorted[i+1])
	return round(lo + (h-float64(i))*(hi-lo)), true
}

// MeanDelta is the mean |difference| of neighbours: the "jitter" of the original tool, when d
// are the RTTs of answered pings in sending order.
func MeanDelta(d []time.Duration) (delta time.Duration, ok bool) {
	if len(d) < 2 {
		return 0, false
	}
	sum := 0.0
	for i := 1; i < len(d); i++ {
		sum += math.Abs(float64(d[i] - d[i-1]))
	}
	return round(sum / float64(len(d)-1)), true
}

// RFC3550 is the interarrival jitter J of RFC 3550 §6.4.1, J += (|D| − J)/16, after the last
// value. d are transit times in the order of arrival; a constant clock offset cancels.
func RFC3550(d []time.Duration) (jitter time.Duration, ok bool) {
	if len(d) < 2 {
		return 0, false
	}
	j := 0.0
	for i := 1; i < len(d); i++ {
		j += (math.Abs(float64(d[i]-d[i-1])) - j) / 16
	}
	return round(j), true
}

// LongestRun is the length of the longest run of true (a loss period, RFC 3357 §3).
func LongestRun(failed []bool) int {
	longest, run := 0, 0
	for _, f := range failed {
		if !f {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return longest
}

func mean64(d []time.Duration) float64 {
	sum := 0.0
	for _, v := range d {
		sum += float64(v)
	}
	return sum / float64(len(d))
}

func round(ns float64) time.Duration { return time.Duration(math.Round(ns)) }
