package turn

import (
	"fmt"
	"time"

	"rtcbench/bench"
)

// asked is a turn as the caller knows it.
type asked struct {
	utterance   Utterance
	first, last time.Time // of what could be heard of it
	interrupt   time.Time // when an interruption of the answer could be heard first; zero = there was none
	interrupted time.Time // when the interruption could be heard last

	stalled func(time.Time) time.Duration // how long nobody here got to its packets around a moment; nil = never
}

// limits are what a turn is judged by.
type limits struct {
	timeout, rest, gap time.Duration
	playout            bool // what a jitter buffer adds is estimated
}

// judge says what became of a turn. sides are what was heard from the rest before the turn to the turn's end. judge is
// a pure function.
func judge(a asked, sides []side, l limits) (t bench.TurnFact, from string) {
	t = bench.TurnFact{Said: a.utterance.Name, Fate: bench.TurnUnanswered, Floor: nothing, Threshold: quietest,
		Speech: known(a.last.Sub(a.first)), Caller: a.spans()}
	if !a.interrupt.IsZero() {
		t.Interrupt = known(a.interrupt.Sub(a.first))
	}
	best := answer{}
	for _, s := range sides {
		x := listen(a, s, l)
		if best.better(x) {
			best, from = x, s.from
		}
		t.Lost += lostIn(s.slots)
	}
	if best.side.slots == nil {
		return t, ""
	}
	t.Floor, t.Threshold, t.Clicks = best.floor.level, best.floor.threshold, best.clicks
	if best.why != "" {
		t.Fate, t.Why = bench.TurnNotMeasurable, best.why
		return t, from
	}
	if len(best.voices) == 0 {
		return t, ""
	}
	a.tell(&t, best.voices)
	t.Reply = known(best.lasted)
	began := best.voices[0].from
	for _, at := range []time.Time{a.last, began} { // what held up a packet on its way here held up ours, too
		if late, ok := uneven(best.slots, at); ok {
			t.Uneven = known(max(t.Uneven.D, late))
		}
	}
	if more, ok := playout(best.slots, began); ok && l.playout && t.Fate == bench.TurnAnswered {
		t.Playout = known(t.Latency.D + more)
	}
	a.starved(&t, began)
	return t, from
}

// starved marks what was measured while this process had no time: the stamps of the process then say when it got to a
// packet, and not when the packet came or left.
func (a asked) starved(t *bench.TurnFact, began time.Time) {
	if a.stalled == nil {
		return
	}
	t.Stalled = known(max(a.stalled(a.last), a.stalled(began)))
	if t.Starved() {
		t.Why = fmt.Sprintf("this process did not get to its packets for %v where the turn was measured: it may be "+
			"wrong by as much", t.Stalled.D.Round(time.Millisecond))
	}
}

// answer is what one track holds of the answer to a turn.
type answer struct {
	side
	floor  floor
	voices []voice
	lasted time.Duration // from the first audible sample to the last one
	clicks int
	why    string // why the answer cannot be measured
}

// better reports whether x says more of the turn than a does: x has an answer that can be measured, and an earlier one.
func (a answer) better(x answer) bool {
	switch mine, its := a.why == "" && len(a.voices) > 0, x.why == "" && len(x.voices) > 0; {
	case a.side.slots == nil:
		return true
	case mine != its:
		return its
	case mine:
		return x.voices[0].from.Before(a.voices[0].from)
	}
	return x.why != "" && a.why == ""
}

// listen looks for the answer on one track.
func listen(a asked, s side, l limits) answer {
	before, after := s.split(a.first)
	x := answer{side: s, floor: floorOf(before)}
	x.why = x.floor.why
	x.voices = voices(after, x.floor.threshold, l.gap)
	if len(x.voices) > 0 && x.voices[0].from.Sub(a.last) > l.timeout {
		x.voices = nil
	}
	if len(x.voices) == 0 {
		x.clicks = clicks(after, x.floor.threshold)
		return x
	}
	x.lasted = lasted(after, x.voices)
	began := x.voices[0].from
	untilThen, _ := side{slots: after}.split(began)
	x.clicks = clicks(untilThen, x.floor.threshold)
	if d := doubt(after, x.floor.threshold, began); x.why == "" && d > blind {
		x.why = fmt.Sprintf("the answer rises slowly out of noise of %.0f dBFS: it may have begun %v earlier",
			x.floor.level, d.Round(time.Millisecond))
	}
	if hole := lostBefore(after, began); x.why == "" && hole > blind {
		x.why = fmt.Sprintf("%v of packets were lost just before the answer: it may have begun in them", hole)
	}
	return x
}

// split divides what was heard into the slots before a moment and the slots after it.
func (s side) split(at time.Time) (before, after []slot) {
	n := 0
	for n < len(s.slots) && s.slots[n].at.Before(at) {
		n++
	}
	return s.slots[:n], s.slots[n:]
}

// tell fills in what follows from an answer.
func (a asked) tell(t *bench.TurnFact, list []voice) {
	began := list[0].from
	t.Fate, t.Latency = bench.TurnAnswered, known(began.Sub(a.last))
	if began.Before(a.last) {
		t.Fate = bench.TurnEarly
	}
	over := time.Duration(0)
	for i, v := range list {
		t.Agent = append(t.Agent, a.span(v))
		if i > 0 {
			t.Gaps = append(t.Gaps, a.span(voice{from: list[i-1].to, to: v.from}))
		}
		over += common(v, voice{from: a.first, to: a.last})
		if !a.interrupt.IsZero() {
			over += common(v, voice{from: a.interrupt, to: a.interrupted})
		}
		if !a.interrupt.IsZero() && v.from.Before(a.interrupt) && v.to.After(a.interrupt) {
			t.BargeIn = known(v.to.Sub(a.interrupt))
		}
	}
	if over > 0 {
		t.TalkOver = known(over)
	}
	if !a.interrupt.IsZero() && !t.BargeIn.OK {
		t.Why = "the agent did not speak when it was interrupted"
	}
}

// common is how long two voices speak at the same time.
func common(a, b voice) time.Duration {
	from, to := later(a.from, b.from), a.to
	if b.to.Before(to) {
		to = b.to
	}
	return max(0, to.Sub(from))
}

// spans are when the caller could be heard.
func (a asked) spans() (list []bench.Span) {
	begin := a.first.Add(-place(a.utterance.First))
	for _, v := range a.utterance.voices {
		from, to := begin.Add(v.from.Sub(time.Time{})), begin.Add(v.to.Sub(time.Time{}))
		list = append(list, a.span(voice{from: from, to: to}))
	}
	if !a.interrupt.IsZero() {
		list = append(list, a.span(voice{from: a.interrupt, to: a.interrupted}))
	}
	return list
}

func (a asked) span(v voice) bench.Span {
	return bench.Span{From: known(v.from.Sub(a.first)), To: known(v.to.Sub(a.first))}
}

func known(d time.Duration) bench.Quantity { return bench.Quantity{D: d, OK: true} }
