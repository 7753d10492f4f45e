package stats

import (
	"math/rand/v2"
	"testing"
	"time"
)

// BenchmarkMinusOfAMillion is what compare does three times of two runs of a million pings.
func BenchmarkMinusOfAMillion(b *testing.B) {
	draw := func(seed uint64) []time.Duration {
		rng, z := rand.New(rand.NewPCG(seed, 1)), 0.0
		d := make([]time.Duration, 1_000_000)
		for i := range d {
			z = 0.8*z + 0.6*rng.NormFloat64()
			d[i] = 80*time.Millisecond + time.Duration(z*float64(time.Millisecond))
		}
		return d
	}
	x, y := draw(1), draw(2)
	b.Run("series", func(b *testing.B) {
		for b.Loop() {
			NewSeries(x)
		}
	})
	s, o := NewSeries(x), NewSeries(y)
	for _, q := range []float64{0.5, 0.99} {
		b.Run(time.Duration(q*1e9).String(), func(b *testing.B) {
			for b.Loop() {
				s.Minus(o, q, false)
			}
		})
	}
}
