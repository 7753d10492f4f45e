package stats

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// world is a known answer: an echo whose clock is θ(t) = offset + skew·t ahead of ours, behind a path.
type world struct {
	offset   time.Duration
	skew     float64
	up, down func(sent time.Duration) time.Duration
}

func (w world) theta(t time.Duration) time.Duration {
	return w.offset + time.Duration(math.Round(w.skew*float64(t)))
}

// pings gives n of them with how long each took there and back in truth.
func (w world) pings(n int, every time.Duration) (pairs []Pair, up, down []time.Duration) {
	const hold = 300 * time.Microsecond
	for i := range n {
		t1 := time.Duration(i) * every
		t2 := t1 + w.up(t1)
		t3 := t2 + hold
		t4 := t3 + w.down(t1)
		pairs = append(pairs, Pair{Sent: t1, Received: t4, Up: t2 + w.theta(t2) - t1, Down: t4 - t3 - w.theta(t3)})
		up, down = append(up, t2-t1), append(down, t4-t3)
	}
	return pairs, up, down
}

func about(rng *rand.Rand, floor, jitter time.Duration) func(time.Duration) time.Duration {
	return func(time.Duration) time.Duration { return floor + time.Duration(rng.ExpFloat64()*float64(jitter)) }
}

func TestDriftBoundsHoldTheTruth(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for round := range 500 {
		w := world{
			offset: time.Duration(rng.Int64N(int64(2*time.Hour))) - time.Hour,
			skew:   (rng.Float64() - 0.5) * 200e-6,
			up:     about(rng, time.Duration(rng.Int64N(int64(80*ms))), time.Duration(rng.Int64N(int64(20*ms)))),
			down:   about(rng, time.Duration(rng.Int64N(int64(80*ms))), time.Duration(rng.Int64N(int64(20*ms)))),
		}
		pairs, up, down := w.pings(1+rng.IntN(400), 1+time.Duration(rng.Int64N(int64(10*time.Second))))
		o, ok := EstimateDrift(pairs, 0)
		if !ok {
			t.Fatalf("round %d: no line fits", round)
		}
		if w.skew < o.SkewLo || w.skew > o.SkewHi || o.Skew < o.SkewLo || o.Skew > o.SkewHi {
			t.Fatalf("round %d: skew %v is not in %v … %v, where %v is used", round, w.skew, o.SkewLo, o.SkewHi, o.Skew)
		}
		for i, p := range pairs {
			for _, at := range []time.Duration{p.Sent, p.Received} {
				if θ := w.theta(at); θ < o.ThetaAt(at)-(o.Theta-o.Lo) || θ > o.ThetaAt(at)+(o.Hi-o.Theta) {
					t.Fatalf("round %d: θ(%v) = %v, and the estimate %v with %v … %v", round, at, θ, o.ThetaAt(at),
						o.Lo-o.Theta, o.Hi-o.Theta)
				}
			}
			if h := o.HalfWidth(); (o.Forward(p)-up[i]).Abs() > h || (o.Backward(p)-down[i]).Abs() > h {
				t.Fatalf("round %d: %v there and %v back were told as %v and %v ± %v", round, up[i], down[i],
					o.Forward(p), o.Backward(p), h)
			}
		}
	}
}

// The interval is that of the linear programme, which small ones let one solve by trying every corner.
func TestDriftIntervalIsTheLinearProgrammes(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	feasible := 0
	for round := range 300 {
		w := world{offset: time.Second, skew: (rng.Float64() - 0.5) * 1e-3, up: about(rng, 0, 5*ms),
			down: about(rng, 0, 5*ms)}
		pairs, _, _ := w.pings(2+rng.IntN(8), 4*time.Second)
		if round%3 == 0 {
			pairs[len(pairs)/2].Up -= time.Duration(rng.Int64N(int64(20 * ms)))
		}
		d := newDrift(pairs, 0)
		want, got := corners(d, pairs), math.NaN()
		if best := maximum(-MaxSkew, MaxSkew, d.room); d.room(best) >= 0 {
			_, got = d.interval(d.to, d.reach(best, -MaxSkew, 0), d.reach(best, MaxSkew, 0))
			feasible++
		}
		if math.IsNaN(want) != math.IsNaN(got) || math.Abs(want-got) > 10 {
			t.Errorf("round %d: θ at the end is at most %v ns, by its corners %v ns", round, got, want)
		}
	}
	if feasible < 200 || feasible == 300 {
		t.Errorf("%d of 300 programmes have a solution", feasible)
	}
}

// corners is the greatest θ at d.to, over all corners of the lines that fit; NaN = none does.
func corners(d drift, pairs []Pair) float64 {
	type bound struct{ t, v, sign float64 } // sign · (a + b·t) ≤ v
	var bounds []bound
	for _, p := range pairs {
		bounds = append(bounds, bound{d.at(p.Sent), float64(p.Up) + resolution, 1},
			bound{d.at(p.Received), float64(p.Down) + resolution, -1})
	}
	most := math.NaN()
	try := func(a, b float64) {
		if math.Abs(b) > MaxSkew*(1+1e-9) {
			return
		}
		for _, x := range bounds {
			if x.sign*(a+b*x.t) > x.v+1 {
				return
			}
		}
		if v := a + b*d.to; math.IsNaN(most) || v > most {
			most = v
		}
	}
	for i, x := range bounds {
		for _, b := range []float64{-MaxSkew, MaxSkew} {
			try(x.sign*x.v-b*x.t, b)
		}
		for _, y := range bounds[:i] {
			if x.t != y.t {
				b := (x.sign*x.v - y.sign*y.v) / (x.t - y.t)
				try(x.sign*x.v-b*x.t, b)
			}
		}
	}
	return most
}

func TestDriftIsTakenOut(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	w := world{offset: -time.Hour, skew: 100e-6, up: about(rng, 40*ms, 2*ms), down: about(rng, 40*ms, 2*ms)}
	pairs, up, _ := w.pings(6000, 100*time.Millisecond) // ten minutes, in which the clock goes 60 ms astray
	o, ok := EstimateDrift(pairs, 0)
	if !ok || math.Abs(o.Skew-w.skew) > 1e-6 {
		t.Fatalf("skew %v, want %v", o.Skew, w.skew)
	}
	for i, p := range pairs {
		if err := (o.Forward(p) - up[i]).Abs(); err > ms/2 {
			t.Fatalf("ping %d took %v there, told as %v", i, up[i], o.Forward(p))
		}
	}
	if o, ok := EstimateOffset(pairs); ok && o.Hi-o.Lo > 40*ms {
		t.Errorf("a constant offset fits as well, and leaves %v … %v: nothing is shown", o.Lo, o.Hi)
	}
}

func TestDriftThatChanceCouldMakeIsNotTakenOut(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	for range 100 {
		w := world{up: about(rng, 40*ms, 10*ms), down: about(rng, 40*ms, 10*ms)}
		pairs, _, _ := w.pings(50, 100*time.Millisecond)
		if o, _ := EstimateDrift(pairs, 0); math.Abs(o.Skew)*5e9 > float64(2*ms) {
			t.Errorf("two equal clocks in 5 s of jitter drift by %v", o.Skew)
		}
	}
}

func TestDriftSeesAStep(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	w := world{up: about(rng, 10*ms, ms), down: about(rng, 10*ms, ms)}
	pairs, _, _ := w.pings(100, 100*time.Millisecond)
	for i := range pairs[50:] {
		pairs[50+i].Up += 100 * ms
		pairs[50+i].Down -= 100 * ms
	}
	if o, ok := EstimateDrift(pairs, 0); ok {
		t.Errorf("a step of 100 ms on a path of 20 ms gave %+v", o)
	}
}

func TestDriftBelievesClocksThatKnowTheirError(t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 14))
	// a path that is not the same both ways
	w := world{offset: ms / 2, up: about(rng, 70*ms, ms), down: about(rng, 10*ms, ms)}
	pairs, up, _ := w.pings(100, 100*time.Millisecond)
	alone, _ := EstimateDrift(pairs, 0)
	o, ok := EstimateDrift(pairs, 2*ms)
	if !ok || o.HalfWidth() > 5*ms || alone.HalfWidth() < 35*ms {
		t.Fatalf("± %v, and ± %v where the clocks are known to be within 2 ms", alone.HalfWidth(), o.HalfWidth())
	}
	if got := o.Forward(pairs[7]); (got - up[7]).Abs() > o.HalfWidth() {
		t.Errorf("%v there, told as %v ± %v", up[7], got, o.HalfWidth())
	}
	w.offset = time.Second
	pairs, _, _ = w.pings(100, 100*time.Millisecond)
	if o, ok := EstimateDrift(pairs, 2*ms); ok {
		t.Errorf("clocks a second apart say that they are within 2 ms, and get %+v", o)
	}
}

func TestDriftOfLittle(t *testing.T) {
	if _, ok := EstimateDrift(nil, 0); ok {
		t.Error("a drift without pairs")
	}
	one := []Pair{{Sent: time.Second, Received: time.Second + 30*ms, Up: 20 * ms, Down: 10 * ms}}
	o, ok := EstimateDrift(one, 0)
	if !ok || o.Theta != 5*ms || o.Lo > -10*ms || o.Lo < -11*ms || o.Hi < 20*ms || o.Hi > 21*ms || o.Skew != 0 {
		t.Errorf("one ping: %+v", o)
	}
	if again, ok := EstimateDrift(append(one, one...), 0); !ok || again != o {
		t.Errorf("the same thrice: %+v", again)
	}
}

func BenchmarkEstimateDrift(b *testing.B) {
	rng := rand.New(rand.NewPCG(15, 16))
	w := world{skew: 50e-6, up: about(rng, 40*ms, 2*ms), down: about(rng, 40*ms, 2*ms)}
	pairs, _, _ := w.pings(864_000, 100*time.Millisecond)
	for b.Loop() {
		EstimateDrift(pairs, 0)
	}
}
