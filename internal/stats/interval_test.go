package stats

import (
	"math"
	"testing"
)

// TestClopperPearson compares with the quantiles of the beta distribution, by mpmath 1.3.0 to 30 digits.
func TestClopperPearson(t *testing.T) {
	for _, c := range []struct {
		k, n   int
		lo, hi float64
	}{
		{0, 1, 0, 0.975},
		{0, 10, 0, 0.308497107819},
		{0, 100, 0, 0.0362166926452},
		{1, 10, 0.00252857854446, 0.445016117028},
		{5, 10, 0.187086028447, 0.812913971553},
		{10, 100, 0.0490046892215, 0.17622259774},
		{20, 1000, 0.0122582679724, 0.0307200326826},
		{99, 100, 0.945540614608, 0.999746853967},
		{100, 100, 0.963783307355, 1},
	} {
		lo, hi, ok := ClopperPearson(c.k, c.n)
		if !ok || math.Abs(lo-c.lo) > 1e-11 || math.Abs(hi-c.hi) > 1e-11 {
			t.Errorf("%d of %d: %.12f to %.12f, %v; want %.12f to %.12f", c.k, c.n, lo, hi, ok, c.lo, c.hi)
		}
	}
	if _, _, ok := ClopperPearson(0, 0); ok {
		t.Error("an interval of nothing")
	}
}

// TestClopperPearsonHoldsTheTruth sums, for a known ratio, the probabilities of all counts whose interval holds it.
func TestClopperPearsonHoldsTheTruth(t *testing.T) {
	for _, p := range []float64{0.001, 0.02, 0.3, 0.5, 0.97} {
		for _, n := range []int{1, 20, 600} {
			covered := 0.0
			for k := range n + 1 {
				if lo, hi, _ := ClopperPearson(k, n); lo <= p && p <= hi {
					covered += binomialPMF(k, n, p)
				}
			}
			if covered < 0.95 || covered > 1+1e-9 {
				t.Errorf("%v of %d: held with a probability of %v", p, n, covered)
			}
		}
	}
}
