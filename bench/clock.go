package bench

import (
	"math"
	"time"
)

// Clock turns moments into Unix time. It reads the wall clock once and adds monotonic
// differences, so that a step of the wall clock cannot tear a pair of stamps apart.
// The zero Clock is not usable; two parts of one process that share a Clock share a time line.
type Clock struct {
	base time.Time
	unix float64 // milliseconds
}

// NewClock starts a clock now.
func NewClock() Clock {
	now := time.Now()
	return Clock{base: now, unix: float64(now.UnixMicro()) / 1e3}
}

// UnixMilli is t in Unix milliseconds with fraction.
func (c Clock) UnixMilli(t time.Time) float64 {
	return c.unix + float64(t.Sub(c.base))/float64(time.Millisecond)
}

// Time is t as wall time, freed from later steps of the wall clock.
func (c Clock) Time(t time.Time) time.Time {
	return time.UnixMicro(int64(math.Round(c.UnixMilli(t) * 1e3)))
}
