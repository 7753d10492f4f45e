package bench

import "time"

// Plan is what is to be done: how many pings, when they leave, how long each may take.
type Plan struct {
	Count            int            // pings to send; a slot that could not be used does not count
	Cooldown         time.Duration  // distance of the grid; 0 = closed loop, the next ping when the last is settled
	PaceUnknown      bool           // nobody knows when pings were due: Cooldown says nothing
	Timeout          time.Duration  // a pong after it is late
	Warmup           int            // pings discarded after the first pong, before the counted ones
	EchoTimeout      time.Duration  // how long to wait for the first pong of all
	ReconnectTimeout time.Duration  // how long one send call may block before the run is given up
	PayloadBytes     int            // a shorter ping is padded to this size; 0 = as it is
	Aligned          bool           // slots begin at Phase modulo Cooldown of Unix time: runs at one time share a grid
	Phase            time.Duration  // … each with its own phase of it, so that their pings do not collide
	Echo             string         // the only identity whose pongs count; "" = the first that answers
	Class            TransportClass // what is to carry the pings; "" = the platform's own, which is reliable
	Media            bool           // of audio in a page: bursts of noise are said beside the pings, and found again
	Numbered         bool           // the size of an audio packet tells its ping's number: a lab's router sees no more
}

// ClosedLoop reports whether each ping waits for the one before it.
func (p Plan) ClosedLoop() bool { return p.Cooldown == 0 && !p.PaceUnknown }

// OnGrid reports whether the slots of two plans can be held against each other.
func (p Plan) OnGrid() bool { return p.Cooldown > 0 && !p.PaceUnknown }

// Due is the moment, after the start of the run, at which the slot of ping seq (1-based) begins.
// It depends on nothing but the plan: a late ping never delays the next.
// It has no meaning in a closed loop.
func (p Plan) Due(seq uint32) time.Duration { return time.Duration(seq-1) * p.Cooldown }

// Align moves unix, the Unix time at which a grid could begin, to the next moment at which an aligned grid may begin.
// For a plan that is not aligned, and for a closed loop, it is unix itself.
func (p Plan) Align(unix time.Duration) time.Duration {
	if !p.Aligned || p.ClosedLoop() {
		return unix
	}
	late := (unix - p.Phase) % p.Cooldown
	if late == 0 {
		return unix
	}
	return unix + p.Cooldown - late
}
