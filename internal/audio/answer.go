package audio

import (
	"math"
	"time"

	"rtcbench/bench"
)

// Stamps are what an echo's clock says in a pong.
type Stamps struct {
	Received, Sent float64        // T2 and T3 in Unix ms
	Error          bench.Quantity // how far from UTC the clock may be
	Wrong          bool           // the clock is, on purpose
	At             Flags          // where T2 was taken: AtWire, AtReceive, or 0 = by a page
}

// Answered is the record that answers the ping r. seen says which pings of the run the echo has had.
func (r Record) Answered(at Stamps, seen bench.Seen) Record {
	r.Type, r.Flags = Pong, Stamped|Tells|at.At
	r.T2, r.T3, r.Seen, r.ClockError = Micros(at.Received), Micros(at.Sent), seen, 0
	if at.Wrong {
		r.Flags |= WrongClock
	}
	if micros := (at.Error.D + time.Microsecond - 1).Microseconds(); at.Error.OK && micros <= math.MaxUint32 {
		r.Flags |= ClockKnown
		r.ClockError = uint32(micros)
	}
	return r
}
