package stats

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"
)

const ms = time.Millisecond

// TestAgainstNumpyAndScipy compares with the figures of testdata/make.py. Durations are whole
// nanoseconds, so an answer is right when it is within one.
func TestAgainstNumpyAndScipy(t *testing.T) {
	var samples []struct {
		Name      string
		NS        []time.Duration
		Lost      int
		Mean, Std float64
		Q         map[string]float64
		MeanDelta *float64 `json:"mean_delta"`
		RFC3550   *float64
		Ranks     map[string]*[2]int
		Wilson    [2]float64
	}
	data, err := os.ReadFile("testdata/samples.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &samples); err != nil || len(samples) != 20 {
		t.Fatalf("%d samples, %v", len(samples), err)
	}
	for _, s := range samples {
		t.Run(s.Name, func(t *testing.T) {
			check := func(what string, want *float64) func(time.Duration, bool) {
				return func(got time.Duration, ok bool) {
					t.Helper()
					if ok != (want != nil) || ok && math.Abs(float64(got)-*want) > 1 {
						t.Errorf("%s: %d, %v, want %v", what, got, ok, want)
					}
				}
			}
			check("mean", &s.Mean)(Mean(s.NS))
			check("std", &s.Std)(StdDev(s.NS))
			check("mean delta", s.MeanDelta)(MeanDelta(s.NS))
			check("rfc3550", s.RFC3550)(RFC3550(s.NS))
			sorted := Sorted(s.NS)
			for text, want := range s.Q {
				q, _ := strconv.ParseFloat(text, 64)
				check("q "+text, &want)(Quantile(sorted, q))
			}
			for text, want := range s.Ranks {
				q, _ := strconv.ParseFloat(text, 64)
				lo, hi, ok := QuantileRanks(len(s.NS), q)
				if ok != (want != nil) || ok && (lo != want[0] || hi != want[1]) {
					t.Errorf("ranks of %s: %d, %d, %v, want %v", text, lo, hi, ok, want)
				}
			}
			lo, hi, _ := Wilson(s.Lost, len(s.NS))
			if math.Abs(lo-s.Wilson[0]) > 1e-12 || math.Abs(hi-s.Wilson[1]) > 1e-12 {
				t.Errorf("wilson: %v, %v, want %v", lo, hi, s.Wilson)
			}
		})
	}
}

func TestQuantileRanks(t *testing.T) {
	for _, c := range []struct {
		n      int
		q      float64
		lo, hi int
	}{{600, 0.5, 276, 325}, {600, 0.95, 559, 581}, {600, 0.99, 589, 599}, {1000, 0.95, 936, 964},
		{1000, 0.99, 983, 997}, {3000, 0.99, 2959, 2981}} {
		if lo, hi, ok := QuantileRanks(c.n, c.q); lo != c.lo || hi != c.hi || !ok {
			t.Errorf("n = %d, q = %v: %d..%d %v, want %d..%d", c.n, c.q, lo, hi, ok, c.lo, c.hi)
		}
	}
	for q, want := range map[float64]int{0.5: 6, 0.95: 72, 0.99: 368} {
		if got := NeededForQuantile(q); got != want {
			t.Errorf("an interval of the %v quantile needs %d, want %d", q, got, want)
		}
	}
	if a, b := NeededForBound(0.99), NeededForBound(0.999); a != 299 || b != 2995 {
		t.Errorf("bounds need %d and %d, want 299 and 2995", a, b)
	}
	if _, _, ok := QuantileRanks(10_000_000, 0.999); !ok { // must end soon, and not underflow
		t.Error("no interval for ten million values")
	}
}

// TestQuantileIntervalCovers draws samples of a known distribution: the interval has to hold the
// true quantile in 95 % of them or more.
func TestQuantileIntervalCovers(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	const n, rounds = 100, 4000
	for _, q := range []float64{0.5, 0.95} {
		lo, hi, _ := QuantileRanks(n, q)
		held := 0
		for range rounds {
			x := make([]float64, n)
			for i := range x {
				x[i] = rng.Float64()
			}
			slices.Sort(x)
			if x[lo-1] <= q && q <= x[hi-1] {
				held++
			}
		}
		if share := float64(held) / rounds; share < 0.94 || share > 0.99 {
			t.Errorf("q = %v: the interval holds the truth in %.3f of the samples", q, share)
		}
	}
}

func TestNothingComesOfNothing(t *testing.T) {
	for what, f := range map[string]func([]time.Duration) (time.Duration, bool){
		"mean": Mean, "std": StdDev, "mean delta": MeanDelta, "rfc3550": RFC3550,
		"quantile": func(d []time.Duration) (time.Duration, bool) { return Quantile(d, 0.5) },
	} {
		if _, ok := f(nil); ok {
			t.Errorf("%s of nothing is a value", what)
		}
	}
	if _, _, ok := Wilson(0, 0); ok {
		t.Error("Wilson of nothing is an interval")
	}
	if _, ok := EstimateOffset(nil); ok {
		t.Error("an offset without pairs")
	}
}

func TestSortedLeavesItsArgumentAlone(t *testing.T) {
	d := []time.Duration{3, 1, 2}
	if s := Sorted(d); !slices.Equal(s, []time.Duration{1, 2, 3}) || d[0] != 3 {
		t.Error(s, d)
	}
}

func TestLongestRun(t *testing.T) {
	for want, failed := range [][]bool{{false, false}, {true, false, true}, {true, false, true, true},
		{true, true, true}} {
		if got := LongestRun(failed); got != want {
			t.Errorf("%v: %d, want %d", failed, got, want)
		}
	}
}

func TestOffsetBoundsHoldTheTruth(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for round := range 500 {
		theta := time.Duration(rng.Int64N(int64(2*time.Hour))) - time.Hour
		floorUp, floorDown := time.Duration(rng.Int64N(int64(80*ms))), time.Duration(rng.Int64N(int64(80*ms)))
		pairs := make([]Pair, 1+rng.IntN(200))
		for i := range pairs {
			up := floorUp + time.Duration(rng.ExpFloat64()*float64(5*ms))
			down := floorDown + time.Duration(rng.ExpFloat64()*float64(5*ms))
			pairs[i] = Pair{Up: up + theta, Down: down - theta}
		}
		o, ok := EstimateOffset(pairs)
		if !ok || theta < o.Lo || theta > o.Hi || o.Theta < o.Lo || o.Theta > o.Hi {
			t.Fatalf("round %d: θ = %v, %+v %v", round, theta, o, ok)
		}
	}
}

func TestOffsetCarriesItsWholeError(t *testing.T) {
	if got := (Offset{Theta: 9, Lo: 0, Hi: 10}).HalfWidth(); got != 9 {
		t.Errorf("θ = 9 in [0, 10] may be off by %d, want 9", got)
	}
}

func TestOffsetSeesAClockStep(t *testing.T) {
	pairs := []Pair{{Up: 10 * ms, Down: 10 * ms}, {Up: 10*ms - time.Second, Down: 10*ms + time.Second}}
	if o, ok := EstimateOffset(pairs); ok {
		t.Errorf("a step of 1 s on a path of 20 ms gave %+v", o)
	}
}

func TestQuantileOfSums(t *testing.T) {
	tail := []time.Duration{10 * ms, 11 * ms, 12 * ms, 13 * ms, 500 * ms}
	rng := rand.New(rand.NewPCG(31, 32))
	for _, q := range []float64{0, 0.5, 0.9, 0.99, 1} {
		want, _ := Quantile(tail, q)
		if got := quantileOfSums(tail, []time.Duration{ms}, q, sumRounds(len(tail)), rng); got != want+ms {
			t.Errorf("%v: %v, and 1 ms more than %v is wanted", q, got, want)
		}
	}
	long := make([]time.Duration, 20_000)
	for i := range long {
		long[i] = time.Duration(rng.ExpFloat64() * float64(ms))
	}
	// The sum of two exponential variables is Erlang's: its median is 1.678 of their mean.
	if got := quantileOfSums(long, long, 0.5, sumRounds(len(long)), rng); (got - 1678*time.Microsecond).Abs() > 30*
		time.Microsecond {
		t.Errorf("the median of two exponential variables: %v", got)
	}
}

func TestMeanIntervalHoldsTheMean(t *testing.T) {
	rng := rand.New(rand.NewPCG(21, 22))
	held := 0
	for range 1000 {
		series, last := make([]float64, 300), 0.0
		for i := range series {
			last = 0.5*last + rng.NormFloat64() // neighbours are alike
			series[i] = 5 + last
		}
		mean, half, ok := MeanInterval(series)
		if !ok {
			t.Fatal("no interval of 300 values")
		}
		if math.Abs(mean-5) <= half {
			held++
		}
	}
	if held < 910 || held > 980 {
		t.Errorf("the mean lay in %d of 1000 intervals of 95 %%", held)
	}
	if _, _, ok := MeanInterval(make([]float64, 19)); ok {
		t.Error("an interval of 19 values")
	}
}
