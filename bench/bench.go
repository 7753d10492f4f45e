// Package bench is the vocabulary of rtcbench: a Prober carries out a Plan over a Session, which gives a Run of
// Samples, of which a Summary is a pure function. The package knows no platform, no store and no file format.
package bench

import (
	"context"
	"time"

	"rtcbench/internal/stats"
)

// Prober carries out plans. Package ping makes one of a Session.
type Prober interface {
	// Probe carries out p and returns when every ping is settled, ctx ends or the session does.
	// What was taken so far is returned even with an error.
	// on, if not nil, is called with each sample when the sample is settled, and once more if a lost ping is answered
	// after all. Two calls never overlap. A call that blocks stalls no ping, and Probe leaves it behind a second after
	// the end.
	Probe(ctx context.Context, p Plan, on func(Sample)) (Run, error)
}

// Run is one plan carried out once.
type Run struct {
	ID       string // UUID
	Platform string
	RoomURL  string // without user info, query and fragment
	Location string // "" = not given
	Plan     Plan
	Start    time.Time // when the first counted ping was due
	End      time.Time // when the last one was settled
	Ended    Ended
	Samples  []Sample // by Seq, without gaps
	Counts   Counts
	Ways     Ways // of the lost pings
	Echo     Echo
	Clocks   Clocks
	Synced   stats.Offset // for SyncedClocks: what was measured of the offset

	ClockErrors ClockErrors // for UnknownOffsets

	Facts   Facts
	Pauses  Pauses
	Machine Machine
	Turns   *Turns    // of class Turn; else nil
	Fleet   *Origin   // of a place of a fleet; else nil
	Media   *Media    // of a run that was asked for it; else nil
	Tool    Tool      // what made it
	Standin bool      // the platform was played by a stand-in on this machine
	Floor   *Floor    // what the instrument adds here; nil = it was never measured
	Asked   float64   // the quantile that a limit was set on; 0 = none
	Assumed *Assumed  // of audio: what is taken for granted; nil = what is by default
	Doubts  []Doubt   // from outside the samples; Summarise adds its own
	Judged  *Validity // as it was judged when it was measured; nil = Summarise does
	Err     error     // why it ended early; nil for Complete
	Kept    *Kept     // of a run that a store gave back without its samples; nil = Samples are all there is
}

// Tool is the build of rtcbench that made a run.
type Tool struct{ Version, Commit, Go, OS, Arch string }

// Original is the Version of the tool that rtcbench follows. Its files say neither when a ping was due
// nor which ones were lost: the Samples of such a run are those that were answered.
const Original = "original"

// OfOriginal reports whether the original tool made r.
func (r Run) OfOriginal() bool { return r.Tool.Version == Original }

// Ended says how a run came to its end.
type Ended string

const (
	Complete       Ended = "complete"
	Interrupted    Ended = "interrupted"
	LinkLost       Ended = "disconnected"
	DeadlinePassed Ended = "deadline"
)

// Echo is who answered.
type Echo struct {
	Mode      string        // "local" or "remote"
	Kind      string        // "rtcbench", "original" or WrongClock
	Identity  string        // the first to answer: the run's echo
	Place     string        // of a fleet, where that echo is; "" = not known, or where the run was made
	Others    []string      // others that answered our pings, sorted
	Unmatched int           // pongs of the run's echo that match no ping of the run, or cannot be read
	FirstPong time.Duration // after the join began; 0 = none came
}

// WrongClock is the Kind of an rtcbench whose clock is wrong on purpose: a known answer for what estimates clocks.
const WrongClock = "rtcbench-wrong-clock"

// Clocks says what the runner's and the echo's clocks have to do with each other.
type Clocks string

const (
	OneClock       Clocks = "one"          // one process: the offset is 0
	SyncedClocks   Clocks = "synchronised" // the offset was measured, within a bound
	UnknownOffsets Clocks = "unknown"      // only causality bounds the offset
)

// ClockErrors are the greatest errors against UTC that the kernels of runner and echo stated during the run. The error
// of a clock is not known where nothing synchronises the clock, or where its machine does not tell.
type ClockErrors struct{ Runner, Echo Quantity }

// Sum bounds the offset of one clock against the other.
func (e ClockErrors) Sum() Quantity {
	if !e.Runner.OK || !e.Echo.OK {
		return Quantity{}
	}
	return Quantity{e.Runner.D + e.Echo.D, true}
}

// Pauses are the garbage collector's stops of this process during the run.
type Pauses struct{ Total, Max time.Duration }

// Floor is the median round trip of this engine on this machine without a network, and how long
// ago it was measured.
type Floor struct{ RTT, Age time.Duration }

// PlatformRTT estimates which part of the run's P50 the platform and the network took. It is the P50 without the floor,
// which is the instrument's cost (docs/decisions/instrument-cost.md). PlatformRTT is not known where no floor was
// measured, nor for a run that had nothing but the instrument to measure.
func (r Run) PlatformRTT(p50 Quantity) (d time.Duration, known bool) {
	if !p50.OK || r.Floor == nil || r.ofItself() {
		return 0, false
	}
	return max(0, p50.D-r.Floor.RTT), true
}

// Sandbox is the location of a run that was given none and was made against the server inside the process: such a run
// must not be taken for one of a real place.
const Sandbox = "sandbox"

// Place gives r the location and the times that a reader of its file finds. The location is Sandbox where none was
// given and the server was inside this process. Start is a whole microsecond, because files keep no more. Place is
// called after a measurement and after reading.
func (r *Run) Place() {
	if r.Location == "" && r.doubted(SandboxDoubt) {
		r.Location = Sandbox
	}
	length := r.End.Sub(r.Start)
	r.Start = r.Start.Truncate(time.Microsecond)
	r.End = r.Start.Add(length)
}

// ofItself reports whether r had nothing but the instrument to measure: the shares that the instrument has of the P50
// then say nothing.
func (r Run) ofItself() bool { return r.Standin || r.doubted(SandboxDoubt) }

// Doubt is a reason not to trust a run, or a part of it.
type Doubt struct {
	Code string
	Text string
}
