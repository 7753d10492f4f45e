package bench

import (
	"slices"
	"time"

	"rtcbench/internal/stats"
)

// Outcome is what became of one ping. The zero value means that it is not settled yet.
type Outcome uint8

const (
	Unsettled Outcome = iota // in flight; in a finished run: it ended before this ping's timeout did
	Answered                 // a pong within the timeout
	Late                     // a pong after the timeout: counts as failed, its RTT is kept
	Lost                     // no pong at all
	NotSent                  // its slot could not be used: says nothing about the path
)

var outcomeNames = [...]string{"unsettled", "answered", "late", "lost", "not_sent"}

func (o Outcome) String() string { return outcomeNames[o] }

// Outcomes are the names of all outcomes, by their numbers.
func Outcomes() []string { return slices.Clone(outcomeNames[:]) }

// Reason says why a slot was not used, or where a lost ping was lost.
type Reason uint8

const (
	NoReason     Reason = iota
	Stalled             // this process, or its timer, was late by a whole slot
	Blocked             // the send call before it had not returned
	Disconnected        // the session was not connected
	OnWayUp             // of a lost ping: it did not reach the echo
	OnWayDown           // of a lost ping: the echo had it, its pong did not arrive
	Muted               // our audio track was muted or taken down
	NoLatency           // of a turn: the agent was early, or nobody can say when it began
)

var reasonNames = [...]string{"", "stalled", "send blocked", "not connected", "up", "down", "muted", "no latency"}

func (r Reason) String() string { return reasonNames[r] }

// Reasons are the names of all reasons, by their numbers; "" = NoReason.
func Reasons() []string { return slices.Clone(reasonNames[:]) }

// Sample is the record of one slot of the grid. It is written down before the send call,
// so that no pong can be faster than its record. All times are on the runner's monotonic
// clock and count from the start of the run.
type Sample struct {
	Seq      uint32 // number of the slot and of its ping, from 1
	Outcome  Outcome
	Reason   Reason
	Stamped  bool          // the pong carried usable times of the echo: Hold and Up are known
	Due      time.Duration // when it should have left
	Sent     time.Duration // T1: just before the send call (no meaning when NotSent)
	SendCall time.Duration // how long the send call took
	RTT      time.Duration // T4 − T1 (for Answered and Late)
	Hold     time.Duration // T3 − T2: how long the echo kept it
	Up       time.Duration // T2 − T1, the echo's clock against ours: its offset is in it
}

// Down is T4 − T3 with the echo's clock offset in it (negated): Up + Down = RTT − Hold.
func (s Sample) Down() time.Duration { return s.RTT - s.Hold - s.Up }

func (s Sample) pair() stats.Pair {
	return stats.Pair{Sent: s.Sent, Received: s.Sent + s.RTT, Up: s.Up, Down: s.Down()}
}

// Failed reports whether the ping was sent and not answered in time.
func (s Sample) Failed() bool { return s.Outcome == Late || s.Outcome == Lost }

// Settled reports whether the ping was sent and its fate is known.
func (s Sample) Settled() bool { return s.Outcome == Answered || s.Failed() }

// ParseOutcome is the Outcome with that name.
func ParseOutcome(name string) (Outcome, bool) {
	i := slices.Index(outcomeNames[:], name)
	return Outcome(max(i, 0)), i >= 0
}

// ParseReason is the Reason with that name.
func ParseReason(name string) (Reason, bool) {
	i := slices.Index(reasonNames[:], name)
	return Reason(max(i, 0)), i >= 0
}
