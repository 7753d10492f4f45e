package bench

import (
	"fmt"
	"strings"
	"time"

	"rtcbench/internal/stats"
)

// doubts lists what a reader of this run should know before believing it.
func doubts(r Run, s Summary) (list []Doubt) {
	list = s.Validity.doubts()
	add := func(code, format string, args ...any) {
		if !s.Validity.Has(code) {
			list = append(list, Doubt{code, fmt.Sprintf(format, args...)})
		}
	}
	if r.Turns != nil {
		return append(list, r.turnDoubts(s)...)
	}
	c := r.Counts
	switch {
	case r.Ended == LinkLost && r.Err != nil:
		add("ended-early", "the run ended early: %v", r.Err)
	case r.Ended != Complete:
		add("ended-early", "the run ended early (%s): %d of %s", r.Ended, c.Settled(), Many(r.Plan.Count, "ping"))
	}
	if r.Echo.Kind == WrongClock {
		add("wrong-clock", "the echo's clock is wrong on purpose (--clock-offset, --clock-skew): one-way times are "+
			"an experiment")
	}
	if r.Standin {
		add("standin", "this is not %s: a stand-in on this machine played it", r.Platform)
	}
	if len(s.RTTs) > 0 && r.Facts.Transport == "" {
		add("way-unknown", "the messages were not seen to leave by one way: the transport class is not known")
	}
	if n := len(r.Echo.Others); n > 0 {
		add("many-echoes", "%d echoes answer in this room; only %s counts, not %s", n+1, r.Echo.Identity,
			strings.Join(r.Echo.Others, ", "))
	}
	if n := r.Echo.Unmatched; n > 0 {
		add("unmatched-pongs", "%s", unmatched(n))
	}
	if c.NotSent > 0 {
		add("not-sent", "%s", notSent(r))
	}
	if c.Late > 0 {
		whom := Form(c.Failed(), "the one failed ping", fmt.Sprintf("%d of the %d failed pings", c.Late, c.Failed()))
		add("late", "%s came back, after the timeout of %v", whom, r.Plan.Timeout)
	}
	if n := r.Repaired(); n > 0 {
		add("repaired", "%s came by retransmission, or after a later one where lost ones are asked for again: %s of "+
			"the repair", Many(n, "audio packet"),
			Form(n, "it is answered, and its time is", "they are answered, and their times are"))
	}
	if r.Facts.Reconnects > 0 {
		add("reconnected", "the link went down %s during the session", Many(r.Facts.Reconnects, "time"))
	}
	if len(s.RTTs) > 0 && !s.OneWay.Known {
		add("one-way", "no one-way times: %s", s.OneWay.Why)
	}
	if s.OneWay.Disbelieved {
		add("clock-error", "runner and echo say that their clocks are right within %v together; the pings show that "+
			"they are not",
			r.ClockErrors.Sum().D.Round(time.Microsecond))
	}
	if n, need := len(s.RTTs), stats.NeededForBound(0.99); n > 0 && n < need {
		add("few-pings", "%s %s too few for a P99 (%d are needed): it is close to the largest value seen",
			Many(n, "answered ping"), Form(n, "is", "are"), need)
	}
	return list
}

func unmatched(n int) string {
	return fmt.Sprintf("%s of this run's echo %s no ping of this run, or cannot be read: another runner measures in "+
		"the room, or the echo changes what it sends back", Many(n, "pong"), Form(n, "matches", "match"))
}

func notSent(r Run) string {
	missed := r.Counts.NotSent
	text := fmt.Sprintf("%d of %s could not be used", missed, Many(r.Counts.Sent+missed, "slot"))
	if why := reasons(r.Samples); why != "" {
		text += " (" + why + ")"
	}
	text += Form(missed, "; it is", "; they are") + " not loss"
	n := 0
	for _, s := range r.Samples {
		if s.Outcome == NotSent && s.Reason == Stalled {
			n++
		}
	}
	whom := Form(missed, "it", "them")
	if n < missed {
		whom = fmt.Sprintf("%d of them", n)
	}
	if n > 0 && r.ridesEncoder() {
		text += ": the encoder of the page had no packet for " + whom + ", for this machine is busy"
	}
	return text
}

func reasons(samples []Sample) string {
	var n [len(reasonNames)]int
	for _, s := range samples {
		if s.Outcome == NotSent {
			n[s.Reason]++
		}
	}
	var parts []string
	for r, count := range n {
		if count > 0 {
			parts = append(parts, fmt.Sprintf("%s: %d", Reason(r), count))
		}
	}
	return strings.Join(parts, ", ")
}
