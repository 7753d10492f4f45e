package bench

import (
	"fmt"
	"strings"
	"time"

	"rtcbench/internal/stats"
)

// ofTurns turns a text about pings into the same text about turns.
var ofTurns = strings.NewReplacer("pings", "turns", "ping", "turn", "round trip time", "turn latency", "round trip",
	"turn latency", "did not come back", "had no answer", "pong", "answer", "Loss", "No answer", "loss", "no answer")

// Words is text, which is about pings, as it is said of the class c: a turn is no ping.
func (c TransportClass) Words(text string) string {
	if c == Turn {
		return ofTurns.Replace(text)
	}
	return text
}

// Many is a number of things in words: 1 run, 2 runs.
func Many(n int, what string) string { return fmt.Sprintf("%d %s%s", n, what, Form(n, "", "s")) }

// Form is how a word or an ending is said of n things.
func Form(n int, one, more string) string {
	if n == 1 {
		return one
	}
	return more
}

// TurnsAsked is how many turns a run was to have. A run that ended early has fewer.
func (r Run) TurnsAsked() int { return max(r.Plan.Count, len(r.Turns.Turns)) }

// Needed is how many answered pings or turns the q quantile of a run needs. For turns that is what its 95 % interval
// needs, with equal tails: 72 for a P95, 368 for a P99. For pings it is what puts the largest value seen above the
// quantile with 95 % confidence: 59 and 299.
func (c TransportClass) Needed(q float64) int {
	if c == Turn {
		return stats.NeededForQuantile(q)
	}
	return stats.NeededForBound(q)
}

// Unmarked is what the answered turns say that nothing marks as unsure. Results show it beside the percentiles of all
// turns.
type Unmarked struct {
	Turns int      `json:"turns"`
	P50   Quantity `json:"p50_ms"`
	P50CI Span     `json:"p50_ci95"`
	P95   Quantity `json:"p95_ms"`
	P95CI Span     `json:"p95_ci95"`
}

// Unmarked sums up the answered turns of t that nothing marks. marked is how many answered turns are left out.
func (t Turns) Unmarked() (u Unmarked, marked int) {
	var latencies []time.Duration
	for _, x := range t.Turns {
		switch {
		case x.Fate != TurnAnswered:
		case x.Marked():
			marked++
		default:
			latencies = append(latencies, x.Latency.D)
		}
	}
	s := Summary{RTTs: latencies}
	s.ofRTT()
	span := func(i Interval) Span { return Span{Known(i.Lo, i.OK), Known(i.Hi, i.OK)} }
	return Unmarked{len(latencies), s.P50, span(s.P50CI), s.P95, span(s.P95CI)}, marked
}

// WithUnmarked is a copy of t in which Sure is what Unmarked computes.
func (t *Turns) WithUnmarked() *Turns {
	if t == nil {
		return nil
	}
	whole := *t
	u, _ := t.Unmarked()
	whole.Sure = &u
	return &whole
}

// Bare is a copy of t without Sure, which follows from the turns.
func (t *Turns) Bare() *Turns {
	if t == nil {
		return nil
	}
	bare := *t
	bare.Sure = nil
	return &bare
}

// mostShown is how much a picture shows of the wait for an answer that never came.
const mostShown = 3 * time.Second

// Over is when a turn was over: nobody was heard after it, or, in a turn without an answer, nobody waited any longer.
func (t TurnFact) Over() time.Duration {
	over := time.Duration(0)
	for _, spans := range [][]Span{t.Caller, t.Agent} {
		if n := len(spans); n > 0 {
			over = max(over, spans[n-1].To.D)
		}
	}
	if t.Fate == TurnUnanswered && t.Waited.OK {
		over = max(over, t.Speech.D+t.Waited.D)
	}
	return over
}

// Scale is the length of the time axis in a picture of turns. The axis ends with the longest turn in which somebody
// could be heard, and shows a part of each wait for an answer that never came. What goes on beyond the axis is cut off.
func (t Turns) Scale() (longest time.Duration) {
	for _, x := range t.Turns {
		over := x.Over()
		if x.Fate == TurnUnanswered {
			over = min(over, x.Speech.D+mostShown)
		}
		longest = max(longest, over)
	}
	return longest
}
