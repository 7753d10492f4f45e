package stats

import (
	"math"
	"slices"
)

// Ratio is K out of N.
type Ratio struct{ K, N int }

// RatioDifference is a difference of two ratios with its 95 % interval.
type RatioDifference struct{ Value, Lo, Hi float64 }

// Excludes0 reports whether the interval lies on one side of zero.
func (d RatioDifference) Excludes0() bool { return d.Lo > 0 || d.Hi < 0 }

// DifferenceOfRatios is ΣK/ΣN of a less that of b, with the hybrid score interval (Newcombe, Statistics in Medicine 17,
// 1998, method 10). Each element of a and b is a cluster, within which successes may come together, as lost pings do.
// The counts are first divided by the factor by which the clusters differ more than independent ones would (Rao and
// Scott, Biometrics 48, 1992), taken from the side where it is greater. ok is false when a side has no N.
func DifferenceOfRatios(a, b []Ratio) (d RatioDifference, ok bool) {
	k, n, clusteredA := pooled(a)
	l, m, clusteredB := pooled(b)
	if n == 0 || m == 0 {
		return d, false
	}
	effect := max(1, clusteredA, clusteredB)
	p, q := k/n, l/m
	loP, hiP := wilson(k/effect, n/effect)
	loQ, hiQ := wilson(l/effect, m/effect)
	return RatioDifference{Value: p - q, Lo: p - q - math.Hypot(p-loP, hiQ-q), Hi: p - q + math.Hypot(hiP-p, q-loQ)},
		true
}

// Clusters cuts outcomes, in their order, into stretches for DifferenceOfRatios. Each stretch is as long as neighbours
// are alike: √n, or what automaticBlock says, if that is more.
func Clusters(outcomes []bool) (list []Ratio) {
	y := make([]float64, len(outcomes))
	for i, hit := range outcomes {
		if hit {
			y[i] = 1
		}
	}
	length := math.Sqrt(float64(len(y)))
	if len(y) >= 10 { // fewer tell nothing of it
		reach, _ := automaticBlock(y)
		length = max(length, reach)
	}
	for part := range slices.Chunk(outcomes, max(1, int(math.Ceil(length)))) {
		n := 0
		for _, hit := range part {
			if hit {
				n++
			}
		}
		list = append(list, Ratio{n, len(part)})
	}
	return list
}

// pooled sums up the clusters. effect is how many times greater their variance is than that of independent successes.
func pooled(list []Ratio) (k, n, effect float64) {
	for _, r := range list {
		k, n = k+float64(r.K), n+float64(r.N)
	}
	if len(list) < 2 || k == 0 || k == n {
		return k, n, 1
	}
	p, m, squares := k/n, float64(len(list)), 0.0
	for _, r := range list {
		squares += (float64(r.K) - p*float64(r.N)) * (float64(r.K) - p*float64(r.N))
	}
	return k, n, m / (m - 1) * squares / (n * p * (1 - p))
}
