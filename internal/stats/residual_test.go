//go:build !race

package stats

import (
	"math/rand/v2"
	"os"
	"testing"
	"time"
)

// The interval of a residual holds the true value, also where the tail is made of stragglers of the floor.
func TestResidualHoldsItsTruth(t *testing.T) {
	seeds := 15
	if os.Getenv("RTCBENCH_LONG") != "" {
		seeds = 500
	}
	const n, truth = 300, 300 * time.Microsecond
	for _, c := range []struct {
		q     float64
		least int // percent
	}{{0.5, 90}, {0.99, 87}} {
		held := 0
		for seed := range seeds {
			rng := rand.New(rand.NewPCG(uint64(seed), 7))
			own := func() time.Duration {
				d := 1.2 + 0.1*rng.NormFloat64()
				if rng.Float64() < 0.03 {
					d += 2.5 * rng.ExpFloat64()
				}
				return time.Duration(d * float64(time.Millisecond))
			}
			measured, injected, floor := make([]time.Duration, n), make([]time.Duration, n), make([]time.Duration, n)
			for i := range n {
				injected[i] = 80*time.Millisecond + time.Duration(rng.ExpFloat64()*float64(time.Millisecond))
				measured[i], floor[i] = injected[i]+own()+truth, own()
			}
			d, ok := Residual(measured, injected, floor, c.q)
			if ok && d.Lo <= truth && truth <= d.Hi {
				held++
			}
		}
		t.Logf("q %v: held in %d of %d", c.q, held, seeds)
		if 100*held < c.least*seeds {
			t.Errorf("q %v: the interval held in %d of %d", c.q, held, seeds)
		}
	}
	for _, n := range [][3]int{{20, 20, 9}, {20, 20, 0}, {9, 9, 20}, {20, 19, 20}, {0, 0, 0}} {
		if _, ok := Residual(make([]time.Duration, n[0]), make([]time.Duration, n[1]), make([]time.Duration, n[2]),
			0.5); ok {
			t.Errorf("of %v values", n)
		}
	}
}
