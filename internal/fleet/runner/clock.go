package runner

import (
	"time"

	"rtcbench/internal/fleet"
)

// far is how far a clock may be from the hub's before the slots are taken from the hub's, and how far it may have been
// set since the two were compared.
const far = time.Second

// compare notes how far the clocks are from each other.
func (r *Runner) compare(c fleet.Clock) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.clock, r.skew, r.skewAt = c, 0, r.clockOf()
	if c.Offset.Abs() > c.Bound+far {
		r.skew = c.Offset
	}
}

// now is the hub's time, as far as this runner knows it: the slots of all places are the same moments, also where a
// clock is an hour wrong. A clock that agrees within what a hello can tell is taken as it is, and so is one that was
// set since: most likely it is right now.
func (r *Runner) now() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.clockOf()
	if r.setBy(now) {
		return now
	}
	return now.Add(-r.skew)
}

// wasSet reports whether this machine's clock was set since it was compared with the hub's, or the machine slept.
func (r *Runner) wasSet() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.setBy(r.clockOf())
}

func (r *Runner) setBy(now time.Time) bool {
	return !r.skewAt.IsZero() && (now.Round(0).Sub(r.skewAt.Round(0))-now.Sub(r.skewAt)).Abs() > far
}
