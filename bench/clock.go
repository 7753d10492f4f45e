package bench

import (
	"math"
	"time"
)

// Clock turns moments into Unix time. It reads the wall clock once and adds monotonic
// differences, so that a step of the wall clock cannot tear a pair of stamps apart.
// The zero Clock is not usable; two parts of one process that share a Clock share a time line.
type Clock struct {
	base  time.Time
	unix  float64 // milliseconds
	skew  float64 // milliseconds a millisecond
	wrong bool    // on purpose

	claim func() (time.Duration, bool) // how far the wall clock may be from UTC; nil = nobody knows
}

// NewClock starts a clock now.
func NewClock() Clock {
	now := time.Now()
	return Clock{base: now, unix: float64(now.UnixMicro()) / 1e3}
}

// ClockShowing starts a clock that shows unixMilli at the moment at, so that several processes can agree upon one
// clock. at must have a monotonic reading.
func ClockShowing(at time.Time, unixMilli float64) Clock { return Clock{base: at, unix: unixMilli} }

// Claiming is c with a function that says how far this machine's wall clock may be from UTC, as KernelClockError does.
func (c Clock) Claiming(claim func() (most time.Duration, known bool)) Clock {
	c.claim = claim
	return c
}

// untilAsked bounds how far a clock may drift between a claim and the pings that the claim is used for, which is a
// second or two.
const untilAsked = time.Millisecond

// Error is how far c may be from UTC now: the error that the wall clock claims, and the distance that c has come away
// from the wall clock since c began. Error is not known where nothing keeps the wall clock right, nor for a clock that
// is wrong on purpose.
func (c Clock) Error() Quantity {
	if c.claim == nil || c.wrong {
		return Quantity{}
	}
	most, ok := c.claim()
	now := time.Now()
	away := math.Abs(c.UnixMilli(now)-float64(now.UnixMicro())/1e3) * float64(time.Millisecond)
	return Known(most+untilAsked+time.Duration(math.Ceil(away)), ok)
}

// Wrong is c moved by offset now, and running fast by ppm parts in a million. Its errors are known, so that estimates
// of clocks can be checked against them.
func (c Clock) Wrong(offset time.Duration, ppm float64) Clock {
	now := time.Now()
	return Clock{base: now, unix: c.UnixMilli(now) + float64(offset)/float64(time.Millisecond), skew: ppm / 1e6,
		wrong: true}
}

// IsWrong reports whether c comes from Wrong.
func (c Clock) IsWrong() bool { return c.wrong }

// UnixMilli is t in Unix milliseconds with fraction.
func (c Clock) UnixMilli(t time.Time) float64 {
	return c.unix + float64(t.Sub(c.base))*(1+c.skew)/float64(time.Millisecond)
}

// Time is t as wall time, freed from later steps of the wall clock.
func (c Clock) Time(t time.Time) time.Time {
	return time.UnixMicro(int64(math.Round(c.UnixMilli(t) * 1e3)))
}
