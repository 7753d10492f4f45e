package bench

import (
	"strings"
	"time"

	"rtcbench/internal/stats"
)

// ofTurns is how what is said of pings is said of turns.
var ofTurns = strings.NewReplacer("pings", "turns", "ping", "turn", "round trip time", "turn latency", "round trip",
	"turn latency", "did not come back", "had no answer", "pong", "answer", "Loss", "No answer", "loss", "no answer")

// Words is a text about pings as it is said of what has this class: a turn is no ping.
func (c TransportClass) Words(text string) string {
	if c == Turn {
		return ofTurns.Replace(text)
	}
	return text
}

// TurnsAsked is how many turns a run was to have, of which it may have ended before.
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

// Unmarked is what those answered turns say that nothing marks as unsure, beside the percentiles of all.
type Unmarked struct {
	Turns int      `json:"turns"`
	P50   Quantity `json:"p50_ms"`
	P50CI Span     `json:"p50_ci95"`
	P95   Quantity `json:"p95_ms"`
	P95CI Span     `json:"p95_ci95"`
}

// Unmarked is that of turns; marked is how many of the answered ones are left out of it.
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

// WithUnmarked is t with what its unmarked turns say.
func (t *Turns) WithUnmarked() *Turns {
	if t == nil {
		return nil
	}
	whole := *t
	u, _ := t.Unmarked()
	whole.Sure = &u
	return &whole
}

// Bare is t without what follows from it.
func (t *Turns) Bare() *Turns {
	if t == nil {
		return nil
	}
	bare := *t
	bare.Sure = nil
	return &bare
}

// mostShown is how much of a wait for nothing a picture shows at the least.
const mostShown = 3 * time.Second

// Over is when a turn was over: nobody was heard after it, or nobody waited any longer.
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

// Scale is how long a picture of turns is: it ends with the longest in which somebody could be heard, and shows enough
// of a wait for nothing. What goes on beyond it is cut there.
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
