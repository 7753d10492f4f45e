package lab

import (
	"math"
	"math/rand/v2"
	"time"
)

// line carries packets one way: it is the model of one direction of a path. Its caller gives it the time.
type line struct {
	way Way
	rng *rand.Rand

	bad     bool          // the state of the burst model
	last    time.Duration // when the last packet that keeps its order leaves
	at      time.Duration // the moment for which backlog holds
	backlog float64       // bytes in the queue, those of the load too
}

func newLine(w Way, seed, stream uint64) *line {
	return &line{way: w, rng: rand.New(rand.NewPCG(seed, stream))}
}

// carry says when a packet of size bytes that arrives at now is to leave, for each of its copies; where no copy leaves,
// fate says why. now never goes back.
func (l *line) carry(now time.Duration, size int) (due []time.Duration, fate Fate) {
	if fate := l.lose(); fate != Carried {
		return nil, fate
	}
	wait, ok := l.queue(now, size)
	if !ok {
		return nil, LostQueue
	}
	leaves := now + wait + l.way.Delay + l.way.Jitter.draw(l.rng)
	if r := l.way.Reorder; r != nil && l.rng.Float64() < float64(r.Share) {
		leaves += r.Late // packets behind it may overtake it
	} else {
		leaves = max(leaves, l.last)
		l.last = leaves
	}
	due = append(due, leaves)
	if l.way.Duplicate > 0 && l.rng.Float64() < float64(l.way.Duplicate) {
		due = append(due, leaves)
	}
	return due, Carried
}

// pass lets a packet leave at once, but not before the packets that came before it.
func (l *line) pass(now time.Duration, _ int) (due []time.Duration, fate Fate) {
	l.last = max(l.last, now)
	return []time.Duration{l.last}, Carried
}

// lose draws the packet's loss. In Gilbert and Elliott's model the state may change before each packet, and each state
// loses with a probability of its own (E. O. Elliott, Estimates of Error Rates for Codes on Burst-Noise Channels,
// 1963).
func (l *line) lose() Fate {
	p, fate := l.way.Loss, Lost
	if b := l.way.Bursts; b != nil {
		change := b.Enter
		if l.bad {
			change = b.Leave
		}
		if l.rng.Float64() < float64(change) {
			l.bad = !l.bad
		}
		if l.bad {
			p, fate = b.Loss, LostBurst
		}
	}
	if p > 0 && l.rng.Float64() < float64(p) {
		return fate
	}
	return Carried
}

// queue puts a packet behind what waits already, and says how long the packet then takes to get through. The result is
// false where the queue has no room.
func (l *line) queue(now time.Duration, size int) (time.Duration, bool) {
	if l.way.Rate == 0 {
		return 0, true
	}
	l.drain(now)
	l.backlog += float64(size)
	if full := float64(l.way.Queue); full > 0 && l.backlog > full {
		// A full queue has room for as much of the arriving traffic as leaves the queue.
		if !l.loaded(now) || l.rng.Float64() >= float64(l.way.Rate/l.way.Load.Rate) {
			l.backlog -= float64(size)
			return 0, false
		}
		l.backlog = full
	}
	return time.Duration(l.backlog * 8 / float64(l.way.Rate) * float64(time.Second)), true
}

// loaded reports whether the load is on and brings more than the line takes.
func (l *line) loaded(at time.Duration) bool {
	c := l.way.Load
	return c != nil && at%(c.On+c.Off) < c.On && c.Rate > l.way.Rate
}

// drain lets the queue run until now. The line takes bytes out at its own rate; while the load is on, the load puts
// bytes in at the load's rate. Bytes of the load that find no room are lost.
func (l *line) drain(now time.Duration) {
	for l.at < now {
		end, load := now, 0.0
		if c := l.way.Load; c != nil {
			period := c.On + c.Off
			phase := l.at % period
			if phase < c.On {
				end, load = min(now, l.at-phase+c.On), float64(c.Rate)
			} else {
				end = min(now, l.at-phase+period)
			}
		}
		l.backlog += (load - float64(l.way.Rate)) / 8 * (end - l.at).Seconds()
		l.backlog = max(0, l.backlog)
		if l.way.Queue > 0 {
			l.backlog = min(l.backlog, float64(l.way.Queue))
		}
		l.at = end
	}
}

// draw is one delay by the distribution, never below 0. Mean and deviation are those of the distribution before it is
// cut off at 0.
func (j Jitter) draw(rng *rand.Rand) time.Duration {
	mean, deviation := float64(j.Mean), float64(j.Deviation)
	var d float64
	switch j.Distribution {
	case Uniform:
		d = mean + (2*rng.Float64()-1)*math.Sqrt(3)*deviation
	case Normal:
		d = mean + rng.NormFloat64()*deviation
	case Lognormal:
		s2 := math.Log1p(deviation * deviation / (mean * mean))
		d = math.Exp(math.Log(mean) - s2/2 + math.Sqrt(s2)*rng.NormFloat64())
	case Gamma:
		shape := mean * mean / (deviation * deviation)
		d = gamma(rng, shape) * mean / shape
	case Pareto: // of the second kind's first: xm (1−u)^(−1/a), a > 2 so that there is a deviation
		a := 1 + math.Sqrt(1+mean*mean/(deviation*deviation))
		d = mean * (a - 1) / a * math.Pow(1-rng.Float64(), -1/a)
	}
	return time.Duration(max(0, d))
}

// gamma draws from the gamma distribution of the shape and of scale 1, by Marsaglia's and Tsang's method
// (A Simple Method for Generating Gamma Variables, ACM TOMS 26 (2000) 363).
func gamma(rng *rand.Rand, shape float64) float64 {
	if shape < 1 {
		return gamma(rng, shape+1) * math.Pow(1-rng.Float64(), 1/shape)
	}
	d := shape - 1.0/3
	c := 1 / math.Sqrt(9*d)
	for {
		x := rng.NormFloat64()
		v := 1 + c*x
		if v <= 0 {
			continue
		}
		v = v * v * v
		if u := 1 - rng.Float64(); math.Log(u) < x*x/2+d-d*v+d*math.Log(v) {
			return d * v
		}
	}
}
