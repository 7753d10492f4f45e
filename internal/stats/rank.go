package stats

import (
	"math"
	"slices"
	"time"
)

// exactWork is the largest product of two groups' sizes for which the distribution of U is counted out.
const exactWork = 1000

// MannWhitney is the rank test of two groups of independent values (Mann and Whitney, Ann. Math. Stat. 18,
// 1947). u counts the pairs in which a's value is the larger, ties by half; p is two-sided: exact
// for small groups without ties, else of the normal approximation with corrections for ties and continuity.
// ok is false when a group is empty.
func MannWhitney(a, b []time.Duration) (u, p float64, ok bool) {
	if len(a) == 0 || len(b) == 0 {
		return 0, 1, false
	}
	x, y := Sorted(a), Sorted(b)
	ties := 0.0
	for _, v := range x {
		lo, hi := countBelow(y, v), countBelow(y, v+1)
		u += float64(lo+hi) / 2
	}
	all := Sorted(slices.Concat(a, b))
	for i := 0; i < len(all); {
		j := i + 1
		for j < len(all) && all[j] == all[i] {
			j++
		}
		t := float64(j - i)
		ties += t*t*t - t
		i = j
	}
	n, m := float64(len(a)), float64(len(b))
	far := max(u, n*m-u)
	if ties == 0 && n*m <= exactWork {
		return u, min(1, 2*uTail(len(a), len(b), int(n*m-far))), true
	}
	variance := n * m / 12 * (n + m + 1 - ties/((n+m)*(n+m-1)))
	if variance <= 0 { // all values are equal
		return u, 1, true
	}
	z := (far - n*m/2 - 0.5) / math.Sqrt(variance)
	return u, min(1, math.Erfc(z/math.Sqrt2)), true
}

// Shift is the Hodges–Lehmann estimate of how much larger a's values are: the median of all differences
// a − b, with the interval that inverts the rank test (Hodges and Lehmann, Ann. Math. Stat. 34, 1963; Hollander
// and Wolfe, Nonparametric Statistical Methods, §4.2 and 4.3). ok is false when a group is empty, or
// when they are too small for an interval of 95 %: then only Value is set.
func Shift(a, b []time.Duration) (d Difference, ok bool) {
	if len(a) == 0 || len(b) == 0 {
		return d, false
	}
	x, y := Sorted(a), Sorted(b)
	pairs := len(a) * len(b)
	d.Value = (difference(x, y, (pairs+1)/2) + difference(x, y, pairs/2+1)) / 2
	k := shiftRank(len(a), len(b))
	if k < 1 {
		return d, false
	}
	d.Lo, d.Hi = difference(x, y, k), difference(x, y, pairs+1-k)
	return d, true
}

// shiftRank is the rank of the difference with which the interval begins; 0 = there is none.
func shiftRank(n, m int) int {
	if n*m <= exactWork {
		k := 0
		for k <= n*m/2 && uTail(n, m, k) <= 0.025+1e-12 {
			k++
		}
		return k
	}
	x, y := float64(n), float64(m)
	return max(0, int(math.Floor(x*y/2-z95*math.Sqrt(x*y*(x+y+1)/12))))
}

// RunsForShift is how many more values each group needs before Shift has an interval: 0 = none.
func RunsForShift(n, m int) int {
	more := 0
	for shiftRank(n+more, m+more) < 1 {
		more++
	}
	return more
}

// MoreRuns is about how many more values each group needs until the shift d is decided, should the estimate stay as it
// is: the interval then either excludes zero or lies within ± margin. It supposes that intervals shrink with the root
// of the groups' sizes.
func MoreRuns(d Difference, n, m int, margin time.Duration) int {
	const most = 1_000_000
	wanted := float64(max(d.Value.Abs(), margin-d.Value.Abs()))
	half := float64(max(d.Hi-d.Value, d.Value-d.Lo))
	if wanted <= 0 {
		return most
	}
	root := func(more int) float64 {
		return math.Sqrt(1/float64(n+more) + 1/float64(m+more))
	}
	return max(1, searchInts(most, func(more int) bool { return half*root(more) <= wanted*root(0)*(1+1e-9) }))
}

// difference is the k-th smallest (from 1) of all x − y. It halves the range of values instead of
// making the list, which for thousands of runs would be millions of differences.
func difference(x, y []time.Duration, k int) time.Duration {
	lo, hi := x[0]-y[len(y)-1], x[len(x)-1]-y[0]
	for lo < hi {
		mid := lo + (hi-lo)/2
		count, i := 0, 0 // of differences ≤ mid: for each y, the x up to y + mid
		for _, v := range y {
			for i < len(x) && x[i] <= v+mid {
				i++
			}
			count += i
		}
		if count >= k {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return lo
}

// countBelow is how many of sorted are smaller than v.
func countBelow(sorted []time.Duration, v time.Duration) int {
	i, _ := slices.BinarySearch(sorted, v)
	return i
}

// uTail is P(U ≤ u) for groups of n and m values of one distribution, without ties. It looks at the largest of all
// values: either it is one of the n, and counts m pairs, or it is one of the m.
func uTail(n, m, u int) float64 {
	if u < 0 {
		return 0
	}
	// rows[j][v] = P(U = v) for groups of i and j.
	rows := make([][]float64, m+1)
	for j := range rows {
		rows[j] = make([]float64, u+1)
		rows[j][0] = 1 // of 0 and j
	}
	for i := 1; i <= n; i++ {
		for j := 1; j <= m; j++ { // rows[j] is still of i−1, rows[j−1] of i
			share := float64(i) / float64(i+j)
			for v := u; v >= 0; v-- {
				p := (1 - share) * rows[j-1][v]
				if v >= j {
					p += share * rows[j][v-j]
				}
				rows[j][v] = p
			}
		}
	}
	sum := 0.0
	for _, p := range rows[m] {
		sum += p
	}
	return sum
}
