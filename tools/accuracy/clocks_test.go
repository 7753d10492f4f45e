package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/lab"
)

// TestClocks sets the echo's clock wrong, by up to an hour and up to 100 ppm, in each scenario of the lab, in runs of a
// second to some hours. A run holds when it has one-way times and the interval of the clocks' offset contains the truth
// at each of its pings, and that of the skew the skew.
func TestClocks(t *testing.T) {
	t.Parallel()
	began, n := time.Now(), count(50, 500)
	y := tally{What: "the interval of the clocks' offset contains the truth, with offsets to ± 1 h and " +
		"skews to ± 100 ppm", Of: n, Want: n}
	shipped := lab.Shipped()
	var widest, widestOf time.Duration
	unknown, narrowed := 0, 0
	for seed := range uint64(n) {
		rng := rand.New(rand.NewPCG(seed, 3))
		offset := time.Duration(rng.Int64N(int64(2*time.Hour))) - time.Hour
		skew := 200 * (rng.Float64() - 0.5)
		p := plan(10 + rng.IntN(400))
		p.Cooldown = time.Duration(float64(10*ms) * math.Pow(10, 3*rng.Float64())) // 10 ms to 10 s
		var run bench.Run
		var set time.Time // when the clock was
		synctest.Test(t, func(t *testing.T) {
			set = time.Now()
			run = answered(t, p, in(scenario(t, shipped[seed%uint64(len(shipped))]), seed),
				bench.NewClock().Wrong(offset, skew))
		})
		o := bench.Summarise(run).OneWay
		if !o.Known {
			t.Logf("seed %d: %s", seed, o.Why)
			unknown++
			continue
		}
		truth := func(at time.Duration) time.Duration {
			return offset + time.Duration(skew/1e6*float64(run.Start.Add(at).Sub(set)))
		}
		holds := o.Offset.SkewLo <= skew/1e6 && skew/1e6 <= o.Offset.SkewHi
		for _, s := range run.Samples {
			if s.Outcome != bench.Answered {
				continue
			}
			for _, at := range []time.Duration{s.Sent, s.Sent + s.RTT} {
				off := truth(at) - o.Offset.ThetaAt(at)
				holds = holds && o.Offset.Lo-o.Offset.Theta <= off && off <= o.Offset.Hi-o.Offset.Theta
				if off.Abs() > widest {
					widest, widestOf = off.Abs(), o.Offset.HalfWidth()
				}
			}
		}
		if holds {
			y.Hold++
		} else {
			t.Logf("seed %d: the clock is off by %v and %v ppm: %+v", seed, offset, skew, o.Offset)
		}
		if o.Offset.SkewHi-o.Offset.SkewLo < 100e-6 {
			narrowed++
		}
	}
	y.Detail = fmt.Sprintf("%d without one-way times; the estimate was off by %.1f ms at the most, and said ± %.1f "+
		"ms; the skew was known to 100 ppm or better in %d",
		unknown, float64(widest)/1e6, float64(widestOf)/1e6, narrowed)
	tell(t, began, y)
}
