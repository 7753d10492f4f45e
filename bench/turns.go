package bench

import (
	"fmt"
	"slices"
	"time"
)

// Turn is the class of a run whose samples are turns of a conversation: what is sent is speech of ours, which is
// answered by the first audible sample of an agent's. RTT is the turn latency then, and Lost is a turn without an
// answer. docs/turn.md defines both.
const Turn TransportClass = "turn"

// Turns is what a run of class Turn knows beside its samples. Its fields stand in files by the names in json, with all
// durations in milliseconds.
type Turns struct {
	Rule  TurnRule   `json:"rule"`
	Calls []TurnCall `json:"calls"`
	Turns []TurnFact `json:"turns"`
	// What an agent of ours wrote down itself, held against what was measured: the tool's own error.
	Known bool `json:"known_agent"`
	// What the turns say that nothing marks, for whoever reads the file; Unmarked computes it.
	Sure *Unmarked `json:"unmarked,omitempty"`
}

// TurnRule is how the beginning of an answer was found, and what was asked for.
type TurnRule struct {
	Window     Quantity `json:"window_ms"`       // levels are of such windows
	Quietest   float64  `json:"quietest_dbfs"`   // nothing below it is audible
	AboveFloor float64  `json:"above_floor_db"`  // nor what is not that much above the noise
	LoudFloor  float64  `json:"loud_floor_dbfs"` // noise above it hides the beginning of speech
	Rest       Quantity `json:"rest_ms"`         // of silence before each turn
	Gap        Quantity `json:"gap_ms"`          // silence within a reply that is told
	Recording  string   `json:"recording"`       // the file with both sides; "" = none
	Playout    bool     `json:"playout"`         // a jitter buffer's delay was asked for, too
}

// TurnCall is one call: a room of its own, and who was called.
type TurnCall struct {
	Agent    string   `json:"agent"`       // identity of who spoke first; "" = nobody did
	Dispatch Quantity `json:"dispatch_ms"` // from the order to the moment at which somebody was there
	Greeting Quantity `json:"greeting_ms"` // from there (or from our joining) to the first audible sample
	Track    Quantity `json:"packet_ms"`   // how long the agent's packets last
	Packets  int      `json:"packets"`     // of the agent's that arrived
	Lost     int      `json:"lost"`        // of the agent's that did not: silence stands in their place
	Strange  int      `json:"strange"`     // that are no Opus packets
	OwnLate  Quantity `json:"own_late_ms"` // the latest packet of ours against the grid of 20 ms
	// From here to an echo of rtcbench in the room and back, by audio pings, or to the server and back, by its reports:
	// the network's share of the turn latency, or a part of it. P50.
	Network   Quantity `json:"network_ms"`
	NetworkBy string   `json:"network_by"` // NetworkByEcho, NetworkByReports, or "" = not known
}

// The values of TurnCall.NetworkBy: how the network's share of the turn latency was measured.
const (
	NetworkByEcho    = "echo" // audio pings to an echo in the room
	NetworkByReports = "rtcp" // RTCP: to the server and back alone
)

// TurnFate says what became of a turn.
type TurnFate string

// The fates. A turn's Sample is Answered, NotSent (Early, NotMeasurable) or Lost.
const (
	TurnAnswered      TurnFate = "answered"
	TurnEarly         TurnFate = "early" // the agent began before the caller had ended
	TurnUnanswered    TurnFate = "no answer"
	TurnNotMeasurable TurnFate = "not measurable" // Why says why
)

// TurnFates are all fates of turns.
var TurnFates = []TurnFate{TurnAnswered, TurnEarly, TurnUnanswered, TurnNotMeasurable}

// TurnFact is one turn. Moments count from the first audible sample of the caller's, and may be negative.
type TurnFact struct {
	Seq       uint32   `json:"seq"`  // of its sample
	Call      int      `json:"call"` // of Calls, from 1
	Said      string   `json:"said"`
	Fate      TurnFate `json:"fate"`
	Why       string   `json:"why,omitempty"`
	Latency   Quantity `json:"latency_ms"`   // negative where the agent was early
	Speech    Quantity `json:"speech_ms"`    // first to last audible sample of the caller's
	Reply     Quantity `json:"reply_ms"`     // first to last audible sample of the agent's
	TalkOver  Quantity `json:"talk_over_ms"` // both at one time
	BargeIn   Quantity `json:"barge_in_ms"`  // the caller's interruption to the agent's last audible sample
	Floor     float64  `json:"floor_dbfs"`   // of the agent's track before the answer
	Threshold float64  `json:"threshold_dbfs"`
	Lost      int      `json:"lost"`   // packets of the agent's during the turn
	Clicks    int      `json:"clicks"` // sounds too short for speech
	Caller    []Span   `json:"caller"` // when it could be heard
	Agent     []Span   `json:"agent"`  // the same
	Gaps      []Span   `json:"gaps"`   // of silence in the reply
	// The longest that this process did not get to its packets where the turn was measured: the end of the caller's
	// speech, and the beginning of the answer. The turn may be wrong by as much; more than 20 ms mark it.
	Stalled Quantity `json:"stalled_ms"`
	// How much later than those behind it a packet of the agent's came where the turn was measured, by their time
	// stamps: the answer's first one, or the one that was here when the caller had ended.
	Uneven    Quantity `json:"uneven_ms"`
	Playout   Quantity `json:"playout_ms"`      // the latency behind a jitter buffer that loses 1 % of the turn's packets
	Notes     []Note   `json:"notes"`           // what the agent says of itself
	Logged    Quantity `json:"agent_log_ms"`    // what an agent of ours wrote down of its answer
	OwnError  Quantity `json:"own_error_ms"`    // what was measured, less that: the network is in it, there and back
	Interrupt Quantity `json:"interrupt_at_ms"` // when the caller spoke into the answer
	// How long nobody answered, from the end of the caller's speech; of a turn without an answer.
	Waited Quantity `json:"waited_ms"`
}

// MostStalled is the longest time for which a process may not get to its packets: the time of one packet. After a
// longer time a turn is marked, and a ping does not count.
const MostStalled = 20 * time.Millisecond

// Starved reports whether this process may have had no time for a turn: the turn's latency may then be wrong by
// Stalled.
func (t TurnFact) Starved() bool { return t.Stalled.OK && t.Stalled.D > MostStalled }

// Held reports whether a packet by which a turn is measured was held up on its way. Uneven says for how long.
func (t TurnFact) Held() bool { return t.Uneven.OK && t.Uneven.D > MostStalled }

// Marked reports whether something is known that makes a turn's latency unsure.
func (t TurnFact) Marked() bool { return t.Starved() || t.Held() }

// Span is a time within a turn.
type Span struct {
	From Quantity `json:"from_ms"`
	To   Quantity `json:"to_ms"`
}

// Note is what an agent said of itself in a turn: nothing is measured by it.
type Note struct {
	At   Quantity `json:"at_ms"`
	What string   `json:"what"`
	Text string   `json:"text"`
}

// notMeasurable is the share, in percent, of the turns that could not be measured.
func (r Run) notMeasurable() (float64, bool) {
	if r.Turns == nil || len(r.Turns.Turns) == 0 {
		return 0, false
	}
	n := 0
	for _, t := range r.Turns.Turns {
		if t.Fate == TurnNotMeasurable {
			n++
		}
	}
	return 100 * float64(n) / float64(len(r.Turns.Turns)), true
}

// turnDoubts is doubts of a run of turns: what a reader should know before believing it.
func (r Run) turnDoubts(s Summary) (list []Doubt) {
	add := func(code, format string, args ...any) {
		if !s.Validity.Has(code) {
			list = append(list, Doubt{code, fmt.Sprintf(format, args...)})
		}
	}
	switch turns := len(r.Turns.Turns); {
	case r.Ended == LinkLost && r.Err != nil:
		add("ended-early", "the run ended early: %v", r.Err)
	case r.Ended != Complete:
		add("ended-early", "the run ended early (%s): %d of %s", r.Ended, turns, Many(r.Plan.Count, "turn"))
	}
	if r.Facts.Reconnects > 0 {
		add("reconnected", "the link went down %s during the session", Many(r.Facts.Reconnects, "time"))
	}
	if slices.ContainsFunc(r.Turns.Turns, TurnFact.Starved) {
		add("stalled-turns", "this process did not get to its packets in time in turns that say so: each may be "+
			"wrong by as much")
	}
	holes := slices.ContainsFunc(r.Turns.Turns, func(t TurnFact) bool { return t.Fate == TurnAnswered && t.Lost > 0 })
	if holes {
		add("lost-audio", "packets of the agent's were lost in turns that were measured: an answer may have begun "+
			"up to 20 ms earlier than it was found")
	}
	if n, need := len(s.RTTs), Turn.Needed(0.95); n > 0 && n < need {
		add("few-turns", "%s %s too few for a P95 (%d are needed): it is close to the largest value seen",
			Many(n, "answered turn"), Form(n, "is", "are"), need)
	}
	return list
}
