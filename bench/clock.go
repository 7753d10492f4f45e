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
}

// NewClock starts a clock now.
func NewClock() Clock {
	now := time.Now()
	return Clock{base: now, unix: float64(now.UnixMicro()) / 1e3}
}

// Wrong is c, off by offset now and running fast by so many parts in a million: a known answer for what estimates clocks.
func (c Clock) Wrong(offset time.Duration, ppm float64) Clock {
	now := time.Now()
	return Clock{base: now, unix: c.UnixMilli(now) + float64(offset)/float64(time.Millisecond), skew: ppm / 1e6, wrong: true}
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
