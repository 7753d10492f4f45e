package livekit

import (
	"time"

	"rtcbench/bench"
)

const (
	clockRate = 48000
	perFrame  = 960 // steps of that clock in 20 ms
	frame     = 20 * time.Millisecond

	// The bounds, in steps, within which the packets of a stream are where they are expected. A packet beyond them is
	// of another stream, or of the same one after a server has moved its clock.
	latest    = 10 * clockRate
	earliest  = 2 * clockRate
	overtaken = clockRate / 2
)

// mediaClock gives the packets of a track their time stamps (RFC 3550 §5.1), which only grow. A packet that answers
// another one keeps the distance in time that the other one's sender gave it: what was late on its way is late in the
// answer, too, and the sound of the answer is whole. By the time of its arrival the sound would be torn.
type mediaClock struct {
	base, last uint32
	begin      time.Time // of the first packet, which has the time stamp base
	ahead      uint32    // of what is answered
	tied       bool      // ahead is known
}

// stamp is the time stamp of a packet that leaves now. first is true for the first packet of all.
func (c *mediaClock) stamp(now time.Time, answers bench.MediaTime) (stamp uint32, first bool) {
	if first = c.begin.IsZero(); first {
		c.begin = now
	}
	stamp = c.base + uint32((now.Sub(c.begin)+frame/2)/frame*perFrame)
	if answers.OK {
		stamp = c.as(answers.Stamp, stamp)
	}
	if !first && int32(stamp-c.last) <= 0 { // faster than speech, or overtaken on the way
		stamp = c.last + 1
	}
	c.last = stamp
	return stamp, first
}

// as is the time of another stream on this clock, which would say by itself that it is own.
func (c *mediaClock) as(theirs, own uint32) uint32 {
	at := theirs + c.ahead
	off, since := int32(at-own), int32(at-c.last)
	if !c.tied || off < -latest || off > earliest || since < -overtaken {
		c.ahead, c.tied = own-theirs, true
	}
	return theirs + c.ahead
}
