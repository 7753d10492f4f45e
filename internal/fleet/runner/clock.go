package runner

import (
	"time"

	"rtcbench/internal/fleet"
)

// far is the largest error of this machine's clock that is ignored: beyond the bound of the measured offset from the
// hub's clock, and in a change of the clock since that measurement.
const far = time.Second

// compare notes the offset between the two clocks.
func (r *Runner) compare(c fleet.Clock) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.clock, r.skew, r.skewAt = c, 0, r.clockOf()
	if c.Offset.Abs() > c.Bound+far {
		r.skew = c.Offset
	}
}

// now is the hub's time as far as this runner knows: so slots begin at the same moment at all places, even if a clock
// is an hour wrong. This machine's clock is used as it is if its offset is within the error of the measurement. It is
// also used as it is if it was set since: most likely it is right then.
func (r *Runner) now() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.clockOf()
	if r.setBy(now) {
		return now
	}
	return now.Add(-r.skew)
}

// wasSet reports whether this machine's clock was set since the last comparison with the hub's, or the machine slept.
func (r *Runner) wasSet() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.setBy(r.clockOf())
}

func (r *Runner) setBy(now time.Time) bool {
	return !r.skewAt.IsZero() && (now.Round(0).Sub(r.skewAt.Round(0))-now.Sub(r.skewAt)).Abs() > far
}
