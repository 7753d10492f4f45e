package stats

import (
	"math"
	"time"
)

// Pair is what one answered ping says of the clocks: Up = T2 − T1 and Down = T4 − T3, each between two clocks. θ, the
// echo's clock minus ours, is in both: Up = forward delay + θ and Down = backward delay − θ. Sent and Received are T1
// and T4, counted from any moment; only EstimateDrift needs them.
type Pair struct{ Sent, Received, Up, Down time.Duration }

// Offset is what is known of θ.
type Offset struct {
	Theta  time.Duration // the estimate; of clocks that drift, at the time At
	Lo, Hi time.Duration // no other value is possible

	At             time.Duration
	Skew           float64 // by which the estimate grows, in seconds a second
	SkewLo, SkewHi float64 // no other one is possible; both 0 where clocks were not taken to drift
}

// ThetaAt is the estimate at t.
func (o Offset) ThetaAt(t time.Duration) time.Duration {
	return o.Theta + time.Duration(math.Round(o.Skew*float64(t-o.At)))
}

// Forward is the forward delay of p in our time: the echo's clock, which measured it, runs at 1 + Skew of ours.
func (o Offset) Forward(p Pair) time.Duration { return o.ours(p.Up - o.ThetaAt(p.Sent)) }

// Backward is the backward delay of p in our time.
func (o Offset) Backward(p Pair) time.Duration { return o.ours(p.Down + o.ThetaAt(p.Received)) }

func (o Offset) ours(d time.Duration) time.Duration {
	return d - time.Duration(math.Round(float64(d)*o.Skew/(1+o.Skew)))
}

// HalfWidth is the uncertainty of every one-way number that uses Theta: the truth is at most this
// far away. It is half the width of the bounds where Theta is in their middle, and more elsewhere.
func (o Offset) HalfWidth() time.Duration { return max(o.Theta-o.Lo, o.Hi-o.Theta) }

// EstimateOffset bounds θ by causality alone, for no message arrives before it was sent:
// θ lies in [−min Down, min Up]. The estimate is θ = (Up − Down)/2 at the smallest Up + Down
// (the clock filter of NTP, RFC 5905 §10), kept within the bounds. ok is false without pairs, and
// when the bounds contradict each other: then the clock was stepped, or drifted by more than
// the path is long.
func EstimateOffset(pairs []Pair) (o Offset, ok bool) {
	if len(pairs) == 0 {
		return o, false
	}
	best, up, down := pairs[0], pairs[0].Up, pairs[0].Down
	for _, p := range pairs[1:] {
		up, down = min(up, p.Up), min(down, p.Down)
		if p.Up+p.Down < best.Up+best.Down {
			best = p
		}
	}
	o = Offset{Lo: -down, Hi: up}
	o.Theta = min(max((best.Up-best.Down)/2, o.Lo), o.Hi)
	return o, o.Lo <= o.Hi
}
