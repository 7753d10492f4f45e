package stats

import (
	"math"
	"slices"
	"time"
)

// MaxSkew is the most by which two clocks are taken to drift apart, in seconds a second: crystals
// keep within 100 ppm, and a kernel corrects its clock by 500 ppm at the most (adjtimex(2)).
const MaxSkew = 500e-6

// resolution is the precision that a stamp in Unix milliseconds loses as a float64, rounded up: such a number is exact
// to 0.25 µs.
const resolution = float64(time.Microsecond)

// EstimateDrift bounds θ when it may change by a constant rate, at most MaxSkew. By causality alone θ lies below Up
// when a ping leaves and above −Down when its pong arrives. Every straight line that keeps these bounds may be θ(t),
// and all such lines together are its interval (the linear programme of Moon, Skelly and Towsley, INFOCOM 1999, solved
// by two convex hulls as Zhang, Liu and Xia, INFOCOM 2002). Where both clocks say how far from UTC they may be, within
// is the sum of these two errors, which bounds θ too; 0 = the clocks do not say it.
//
// The estimate has the slope nearest to 0 that explains the smallest delays no worse than chance does, and the height
// at which the ping with the shortest way took as long there as back (RFC 5905 §10), kept within the interval. Lo and
// Hi hold for the whole of the time: they are as far from Theta as the interval reaches at its widest, which is at an
// end. ok is false without pairs, and when there is no such line: then a clock was stepped.
func EstimateDrift(pairs []Pair, within time.Duration) (o Offset, ok bool) {
	if len(pairs) == 0 {
		return o, false
	}
	d := newDrift(pairs, within)
	steepest := maximum(-MaxSkew, MaxSkew, d.room)
	if d.room(steepest) < 0 {
		return o, false
	}
	lo, hi := d.reach(steepest, -MaxSkew, 0), d.reach(steepest, MaxSkew, 0)
	skew := min(max(0, lo), hi)
	if enough := max(0, d.room(steepest)-d.chance); d.room(skew) < enough {
		skew = d.reach(steepest, skew, enough)
	}
	height := min(max(d.middle(skew), d.least(skew)), d.most(skew))
	var less, more float64
	for _, t := range []float64{d.from, d.to} {
		a, b := d.interval(t, lo, hi)
		less, more = max(less, height+skew*t-a), max(more, b-height-skew*t)
	}
	theta := time.Duration(math.Round(height))
	return Offset{
		Theta: theta, Lo: theta - time.Duration(math.Ceil(less)), Hi: theta + time.Duration(math.Ceil(more)),
		At: d.zero, Skew: skew, SkewLo: lo, SkewHi: hi,
	}, true
}

// point is a bound of θ in ns at a time in ns, which counts from the middle of the pairs.
type point struct{ t, v float64 }

type drift struct {
	zero     time.Duration
	from, to float64
	above    []point // θ is not above these: their lower hull
	below    []point // −θ is not above these: their lower hull
	best     Pair    // the shortest way
	chance   float64 // by how much a smallest delay may be off by chance
}

func newDrift(pairs []Pair, within time.Duration) drift {
	d := drift{best: pairs[0]}
	first, last := pairs[0].Sent, pairs[0].Received
	ways := make([]time.Duration, len(pairs))
	for i, p := range pairs {
		first, last = min(first, p.Sent), max(last, p.Received)
		if ways[i] = p.Up + p.Down; ways[i] < d.best.Up+d.best.Down {
			d.best = p
		}
	}
	slices.Sort(ways)
	d.chance = float64(ways[min(4, len(ways)-1)]-ways[0]) + MaxSkew*math.Abs(float64(ways[0]))
	d.zero = first + (last-first)/2
	d.from, d.to = d.at(first), d.at(last)
	above, below := make([]point, 0, len(pairs)+2), make([]point, 0, len(pairs)+2)
	for _, p := range pairs {
		above = append(above, point{d.at(p.Sent), float64(p.Up) + resolution})
		below = append(below, point{d.at(p.Received), float64(p.Down) + resolution})
	}
	if within > 0 {
		for _, t := range []float64{d.from, d.to} {
			above, below = append(above, point{t, float64(within)}), append(below, point{t, float64(within)})
		}
	}
	d.above, d.below = lowerHull(above), lowerHull(below)
	return d
}

func (d drift) at(t time.Duration) float64 { return float64(t - d.zero) }

// most is the greatest θ that a line with that slope can have in the middle of the pairs; least is the least.
func (d drift) most(slope float64) float64 {
	v := math.Inf(1)
	for _, p := range d.above {
		v = min(v, p.v-slope*p.t)
	}
	return v
}

func (d drift) least(slope float64) float64 {
	v := math.Inf(-1)
	for _, p := range d.below {
		v = max(v, -p.v-slope*p.t)
	}
	return v
}

// room is how far up and down a line with that slope may lie: a concave function, below 0 where none may.
func (d drift) room(slope float64) float64 { return d.most(slope) - d.least(slope) }

// reach is the slope farthest from inside, on the way to outside, whose room is at least room. The slope inside has
// that room.
func (d drift) reach(inside, outside, room float64) float64 {
	if d.room(outside) >= room {
		return outside
	}
	for range 100 {
		middle := inside + (outside-inside)/2
		if d.room(middle) >= room {
			inside = middle
		} else {
			outside = middle
		}
	}
	return inside
}

// middle is the height of a line with that slope at which the shortest way takes as long there as back.
func (d drift) middle(slope float64) float64 {
	up, down := float64(d.best.Up)-slope*d.at(d.best.Sent), float64(d.best.Down)+slope*d.at(d.best.Received)
	return (up - down) / 2
}

// interval is the least and the greatest θ at t of all lines with slopes from lo to hi.
func (d drift) interval(t, lo, hi float64) (least, most float64) {
	top := func(slope float64) float64 { return d.most(slope) + slope*t }
	bottom := func(slope float64) float64 { return -d.least(slope) - slope*t }
	return -bottom(maximum(lo, hi, bottom)), top(maximum(lo, hi, top))
}

// maximum is where the concave function f is greatest between lo and hi.
func maximum(lo, hi float64, f func(float64) float64) float64 {
	for range 200 {
		a, b := lo+(hi-lo)/3, hi-(hi-lo)/3
		if f(a) < f(b) {
			lo = a
		} else {
			hi = b
		}
	}
	return lo + (hi-lo)/2
}

// lowerHull is the lower convex hull of points (Andrew's monotone chain), which it sorts.
func lowerHull(points []point) []point {
	slices.SortFunc(points, func(a, b point) int {
		if a.t != b.t {
			return sign(a.t - b.t)
		}
		return sign(a.v - b.v)
	})
	hull := points[:0]
	for _, p := range points {
		for len(hull) > 1 {
			a, b := hull[len(hull)-2], hull[len(hull)-1]
			if (b.t-a.t)*(p.v-a.v) > (b.v-a.v)*(p.t-a.t) {
				break
			}
			hull = hull[:len(hull)-1]
		}
		if len(hull) == 1 && hull[0].t == p.t { // p lies above
			continue
		}
		hull = append(hull, p)
	}
	return hull
}

func sign(x float64) int {
	switch {
	case x < 0:
		return -1
	case x > 0:
		return 1
	}
	return 0
}
