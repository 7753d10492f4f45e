package turn

import (
	"testing"
	"time"

	"rtcbench/bench"
)

// sounds are the slots of a track of 5 s that is heard between two moments, and quiet else.
func sounds(zero time.Time, from, to time.Duration, quiet float64) (slots []slot) {
	for at := time.Duration(0); at < 5*time.Second; at += place(window) {
		level := quiet
		if at >= from && at < to {
			level = -20
		}
		part := float32(level)
		slots = append(slots, slot{at: zero.Add(at), level: level, parts: [4]float32{part, part, part, part}})
	}
	return slots
}

// TestTwoAgents: of two who answer, the first counts, and of two tracks the one that can be measured; where neither
// can, the turn says why.
func TestTwoAgents(t *testing.T) {
	zero := time.Unix(3000, 0)
	a := asked{first: zero.Add(time.Second), last: zero.Add(2 * time.Second)}
	l := limits{15 * time.Second, time.Second, 300 * time.Millisecond, false}
	early := side{"early", sounds(zero, 2500*time.Millisecond, 3*time.Second, -66)}
	late := side{"late", sounds(zero, 2900*time.Millisecond, 4*time.Second, -66)}
	loud := side{"loud", sounds(zero, 2300*time.Millisecond, 3*time.Second, -40)}
	for _, test := range []struct {
		sides []side
		fate  bench.TurnFate
		from  string
	}{
		{[]side{late, early}, bench.TurnAnswered, "early"}, {[]side{early, late}, bench.TurnAnswered, "early"},
		{[]side{loud, late}, bench.TurnAnswered, "late"}, {[]side{late, loud}, bench.TurnAnswered, "late"},
		{[]side{loud}, bench.TurnNotMeasurable, "loud"},
	} {
		fact, from := judge(a, test.sides, l)
		if fact.Fate != test.fate || from != test.from || (fact.Why != "") != (fact.Fate == bench.TurnNotMeasurable) {
			t.Errorf("%s of %s: %+v", fact.Fate, from, fact)
		}
	}
}

// TestOneOfTwoLeaves: a call goes on while somebody is there who spoke, and ends when only an echo is left.
func TestOneOfTwoLeaves(t *testing.T) {
	h, past := newHall(nil), time.Now().Add(-time.Minute)
	tell := func(kind bench.HeardKind, who string) {
		h.take(bench.Heard{Kind: kind, From: who, At: past})
	}
	for _, who := range []string{"first", "second", "echo"} {
		tell(bench.HeardJoined, who)
	}
	h.tracks["1"], h.tracks["2"] = &track{from: "first", voiceAt: past}, &track{from: "second", voiceAt: past}
	if h.gone() {
		t.Error("all are there, and the call is over")
	}
	tell(bench.HeardLeft, "first")
	if h.gone() {
		t.Error("one is there who spoke, and the call is over")
	}
	tell(bench.HeardLeft, "second")
	if !h.gone() {
		t.Error("nobody is there who spoke, and the call goes on")
	}
	tell(bench.HeardJoined, "second")
	if h.gone() {
		t.Error("one has come back, and the call is over")
	}
}
