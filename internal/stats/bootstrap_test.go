//go:build !race

package stats

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"
)

var coverage = flag.Bool("coverage", false, "print the table of coverage in docs/methodology.md (minutes)")

// path is n round trips over base: log-normal queueing of about 2 ms, in which neighbours have the correlation phi.
func path(rng *rand.Rand, n int, base time.Duration, phi float64) []time.Duration {
	d, z := make([]time.Duration, n), rng.NormFloat64()
	for i := range d {
		z = phi*z + math.Sqrt(1-phi*phi)*rng.NormFloat64()
		d[i] = base + time.Duration(math.Exp(0.3+0.8*z)*float64(ms))
	}
	return d
}

// TestBlockBootstrapCovers compares two series of one path: the interval of the difference has to hold zero
// in about 95 %, however alike neighbours are. Every figure is of the same draws each time.
func TestBlockBootstrapCovers(t *testing.T) {
	t.Parallel()
	rounds := 20
	switch {
	case *coverage:
		rounds = 1000
	case os.Getenv("RTCBENCH_LONG") != "":
		rounds = 100
	}
	for _, n := range []int{100, 300, 600} {
		for _, phi := range []float64{0, 0.5, 0.8, 0.9, 0.95} {
			if !*coverage && (n != 600 || phi != 0.95) {
				continue
			}
			for _, q := range []float64{0.5, 0.95, 0.99} {
				if n < NeededForBound(q) {
					continue
				}
				rng := rand.New(rand.NewPCG(uint64(n), uint64(100*phi)))
				held, width := 0, 0.0
				for range rounds {
					d, ok := DifferenceOfQuantiles(path(rng, n, 80*ms, phi), path(rng, n, 80*ms, phi), q, false)
					if ok && !d.Excludes0() {
						held++
					}
					width += float64(d.Hi-d.Lo) / float64(2*ms) / float64(rounds)
				}
				share := float64(held) / float64(rounds)
				if *coverage {
					fmt.Printf("| %d | %.2f | P%.0f | %.1f %% | ± %.2f ms |\n", n, phi, 100*q, 100*share, width)
				}
				if least := map[bool]float64{true: 0.90, false: 0.85}[n >= 300 || phi <= 0.8]; share < least ||
					share > 1 {
					t.Errorf("n = %d, correlation %v, P%.0f: zero lies in %.3f of the intervals", n, phi, 100*q, share)
				}
			}
		}
	}
}

// TestShiftIsFound is the figure that comparisons are held to: 2 ms of 80 in two runs of 600 pings, with neighbours
// alike as on a long path.
func TestShiftIsFound(t *testing.T) {
	t.Parallel()
	for paired, rounds := range map[bool]int{false: 30, true: 10} {
		if os.Getenv("RTCBENCH_LONG") != "" {
			rounds *= 4
		}
		rng := rand.New(rand.NewPCG(5, 6))
		same, found := 0, 0
		for range rounds {
			a, b, c := path(rng, 600, 80*ms, 0.8), path(rng, 600, 80*ms, 0.8), path(rng, 600, 82*ms, 0.8)
			if d, ok := DifferenceOfQuantiles(a, b, 0.5, paired); ok && !d.Excludes0() {
				same++
			}
			if d, ok := DifferenceOfQuantiles(c, a, 0.5, paired); ok && d.Lo > 0 && d.Lo <= 2*ms && d.Hi >= ms {
				found++
			}
		}
		if 10*same < 9*rounds || 10*found < 9*rounds {
			t.Errorf("paired %v: no difference shown in %d of %d equal pairs, 2 ms found in %d", paired, same,
				rounds, found)
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

// TestDrawIsTheQuantileOfItsResample: counting ranks near the quantile gives what sorting all values of the resample
// does.
func TestDrawIsTheQuantileOfItsResample(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for _, n := range []int{10, 11, 300, 2000} {
		s := NewSeries(path(rng, n, 40*ms, 0.6))
		for _, q := range []float64{0, 0.01, 0.5, 0.95, 0.999, 1} {
			z := s.at(q)
			for seed := range uint64(20) {
				blocks, drawn := rand.New(rand.NewPCG(seed, 1)), make([]time.Duration, 0, n)
				for len(drawn) < n {
					from := blocks.IntN(n)
					for i := range min(z.block, n-len(drawn)) {
						drawn = append(drawn, s.values[(from+i)%n])
					}
				}
				slices.Sort(drawn)
				want, _ := Quantile(drawn, q)
				if got := z.draw(seed, 1); got != want {
					t.Fatalf("%d values, quantile %v, seed %d: %v, want %v", n, q, seed, got, want)
				}
			}
		}
	}
}
