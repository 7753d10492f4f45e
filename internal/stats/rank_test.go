//go:build !race

package stats

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"testing"
	"time"
)

// TestRanksAgainstScipy compares with the figures of testdata/make.py.
func TestRanksAgainstScipy(t *testing.T) {
	var groups []struct {
		A, B  []time.Duration
		U     float64
		P     *float64
		Shift float64
		CI    *[2]time.Duration
	}
	data, err := os.ReadFile("testdata/groups.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &groups); err != nil || len(groups) != 16 {
		t.Fatalf("%d pairs of groups, %v", len(groups), err)
	}
	for i, g := range groups {
		u, p, ok := MannWhitney(g.A, g.B)
		want := 1.0 // scipy has no p where all values are equal
		if g.P != nil {
			want = *g.P
		}
		if !ok || u != g.U || math.Abs(p-want) > 1e-9 {
			t.Errorf("%d: %d and %d values: U = %v, p = %v %v, want %v and %v", i, len(g.A), len(g.B), u, p,
				ok, g.U, want)
		}
		d, ok := Shift(g.A, g.B)
		if math.Abs(float64(d.Value)-g.Shift) > 1 || ok != (g.CI != nil) || ok && (d.Lo != g.CI[0] || d.Hi != g.CI[1]) {
			t.Errorf("%d: %d and %d values: shift %+v %v, want %v in %v", i, len(g.A), len(g.B), d, ok, g.Shift, g.CI)
		}
		back, _ := Shift(g.B, g.A)
		if back.Lo != -d.Hi || back.Hi != -d.Lo {
			t.Errorf("%d: %+v one way, %+v the other", i, d, back)
		}
	}
}

// TestShiftCovers draws groups that differ by 2: the interval has to hold that in 95 % of them or more.
func TestShiftCovers(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	for _, n := range []int{4, 10, 40} {
		const rounds = 1000
		held := 0
		for range rounds {
			a, b := make([]time.Duration, n), make([]time.Duration, n)
			for i := range a {
				a[i], b[i] = time.Duration(rng.ExpFloat64()*float64(5*ms))+
					2*ms, time.Duration(rng.ExpFloat64()*float64(5*ms))
			}
			if d, ok := Shift(a, b); ok && d.Lo <= 2*ms && 2*ms <= d.Hi {
				held++
			}
		}
		if share := float64(held) / rounds; share < 0.935 || share > 0.99 {
			t.Errorf("groups of %d: the interval holds the truth in %.3f of them", n, share)
		}
	}
}

func TestManyRunsAreQuick(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	a, b := make([]time.Duration, 10_000), make([]time.Duration, 9_000)
	for i := range a {
		a[i] = 80*ms + time.Duration(rng.NormFloat64()*float64(ms))
	}
	for i := range b {
		b[i] = 81*ms + time.Duration(rng.NormFloat64()*float64(ms))
	}
	if d, ok := Shift(a, b); !ok || d.Lo > -ms || d.Hi < -ms || d.Hi-d.Lo > ms/10 {
		t.Errorf("%+v %v", d, ok)
	}
	if _, p, _ := MannWhitney(a, b); p > 1e-100 {
		t.Errorf("p = %v", p)
	}
}

func TestHowManyRuns(t *testing.T) {
	for _, c := range []struct{ n, m, want int }{{1, 1, 3}, {3, 3, 1}, {4, 4, 0}, {2, 8, 0}, {1, 5, 2}, {1, 39, 0}} {
		if got := RunsForShift(c.n, c.m); got != c.want {
			t.Errorf("%d and %d runs need %d more, want %d", c.n, c.m, got, c.want)
		}
	}
	// An interval of ±8 around 0 is ±4 with four times as many.
	if got := MoreRuns(Difference{0, -8, 8}, 5, 5, 4); got != 15 {
		t.Errorf("%d more runs, want 15", got)
	}
	// One of 6 ± 8 excludes zero when it is ±6, and lies within ±7 when it is ±1.
	if got := MoreRuns(Difference{6, -2, 14}, 9, 9, 7); got != 7 {
		t.Errorf("%d more runs, want 7", got)
	}
	if got := MoreRuns(Difference{0, -1, 1}, 5, 5, 0); got < 100_000 {
		t.Errorf("nothing is decided within ± 0, and yet %d runs are enough", got)
	}
}

// TestRatios holds the worked examples of Newcombe's paper (table II, method 10).
func TestRatios(t *testing.T) {
	for _, c := range []struct {
		a, b   Ratio
		lo, hi float64
	}{{Ratio{56, 70}, Ratio{48, 80}, 0.0524, 0.3339}, {Ratio{9, 10}, Ratio{3, 10}, 0.1705, 0.8090},
		{Ratio{10, 10}, Ratio{0, 20}, 0.6791, 1}, {Ratio{0, 10}, Ratio{0, 20}, -0.1611, 0.2775}} {
		d, ok := DifferenceOfRatios([]Ratio{c.a}, []Ratio{c.b})
		if !ok || math.Abs(d.Lo-c.lo) > 5e-5 || math.Abs(d.Hi-c.hi) > 5e-5 {
			t.Errorf("%v − %v: %+v %v, want %v … %v", c.a, c.b, d, ok, c.lo, c.hi)
		}
	}
	even, uneven := make([]Ratio, 10), make([]Ratio, 10)
	for i := range even {
		even[i], uneven[i] = Ratio{2, 100}, Ratio{0, 100}
	}
	uneven[3].K = 20 // one burst
	none := []Ratio{{0, 1000}}
	a, _ := DifferenceOfRatios(even, none)
	b, _ := DifferenceOfRatios(uneven, none)
	if a.Value != b.Value || !a.Excludes0() || b.Excludes0() {
		t.Errorf("20 of 1000 lost: singly %+v, in one burst %+v", a, b)
	}
	if _, ok := DifferenceOfRatios(nil, none); ok {
		t.Error("a ratio of nothing")
	}
}

// TestClustersAreAsLongAsBursts: a stretch is √n pings, or as long as losses come together.
func TestClustersAreAsLongAsBursts(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	singly, bursts, bad := make([]bool, 900), make([]bool, 900), false
	for i := range singly {
		singly[i] = rng.Float64() < 0.05
		if rng.Float64() < 0.03 {
			bad = !bad
		}
		bursts[i] = bad && rng.Float64() < 0.8
	}
	for what, c := range map[string]struct {
		outcomes    []bool
		least, most int
	}{
		"singly": {singly, 30, 30}, "in bursts": {bursts, 45, 91}, "few": {[]bool{true, false, false, true}, 2, 2},
		"one": {[]bool{true}, 1, 1},
	} {
		list := Clusters(c.outcomes)
		if n := list[0].N; n < c.least || n > c.most {
			t.Errorf("%s: stretches of %d, want %d to %d", what, n, c.least, c.most)
		}
		sum := Ratio{}
		for _, r := range list {
			sum.K, sum.N = sum.K+r.K, sum.N+r.N
		}
		want := Ratio{N: len(c.outcomes)}
		for _, hit := range c.outcomes {
			if hit {
				want.K++
			}
		}
		if sum != want {
			t.Errorf("%s: %+v altogether, want %+v", what, sum, want)
		}
	}
	if list := Clusters(nil); len(list) != 0 {
		t.Errorf("clusters of nothing: %v", list)
	}
}
