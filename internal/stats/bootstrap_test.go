package stats

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// correlated is a series in which neighbours are alike, around 40 ms.
func correlated(rng *rand.Rand, n int, shift time.Duration) []time.Duration {
	d, x := make([]time.Duration, n), 0.0
	for i := range d {
		x = 0.5*x + rng.NormFloat64()
		d[i] = 40*ms + shift + time.Duration(math.Abs(x)*float64(2*ms))
	}
	return d
}

func TestDifferenceOfQuantiles(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	const rounds = 10
	for _, paired := range []bool{false, true} {
		same, found := 0, 0
		for range rounds {
			a, b, c := correlated(rng, 100, 0), correlated(rng, 100, 0), correlated(rng, 100, -2*ms)
			if d, ok := DifferenceOfQuantiles(a, b, 0.5, paired); ok && !d.Excludes0() {
				same++
			}
			if d, ok := DifferenceOfQuantiles(a, c, 0.5, paired); ok && d.Lo > 0 && d.Lo <= 2*ms && d.Hi >= 2*ms-ms {
				found++
			}
		}
		if same < 7 || found < 9 {
			t.Errorf("paired %v: no difference shown in %d of %d equal pairs, 2 ms found in %d", paired, same, rounds, found)
		}
	}
}

func TestDifferenceNeedsValues(t *testing.T) {
	few := make([]time.Duration, 9)
	many := make([]time.Duration, 20)
	if _, ok := DifferenceOfQuantiles(few, many, 0.5, false); ok {
		t.Error("a difference of nine values")
	}
	if _, ok := DifferenceOfQuantiles(many, many[:15], 0.5, true); ok {
		t.Error("pairs of unequal length")
	}
	if d, ok := DifferenceOfQuantiles(many, many, 0.5, true); !ok || d.Excludes0() || d.Value != 0 {
		t.Errorf("%+v, %v", d, ok)
	}
}
