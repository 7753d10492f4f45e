package pictures

import (
	"strings"
	"testing"

	"rtcbench/internal/benchtest"
)

// TestStrips: a picture of turns is well formed whatever was said, and has each time in which somebody spoke.
func TestStrips(t *testing.T) {
	run := benchtest.Turns()
	run.Turns.Turns[0].Said = `</svg><script>"&`
	got := drawn(t, "", alone(run))
	callers, agents := 0, 0
	for _, turn := range run.Turns.Turns {
		callers, agents = callers+len(turn.Caller), agents+len(turn.Agent)
	}
	if got.classes["caller"] != callers || got.classes["agent"] != agents || got.classes["latency"] != 1 {
		t.Errorf("%v: want %d times of the caller, %d of the agent", got.classes, callers, agents)
	}
	for _, want := range []string{"812 ms, reply 1.6 s", "not measurable", "early by 700 ms", "P50 812 ms", "</svg>"} {
		if !strings.Contains(got.text, want) {
			t.Errorf("the picture has not %q: %s", want, got.text)
		}
	}
}

// TestStripsOfMarkedTurns: what marks a turn as unsure stands beside it, whole, whichever way it is; and a turn without
// an answer shows the silence, and how long it was.
func TestStripsOfMarkedTurns(t *testing.T) {
	got := drawn(t, "", alone(benchtest.MarkedTurns(true)))
	for _, want := range []string{"stalled 133 ms", "uneven by 124 ms", "stalled 133 ms, uneven by 119 ms",
		"no answer in 15.0 s", "early by 700 ms"} {
		if !strings.Contains(got.text, want) {
			t.Errorf("the picture has not %q: %s", want, got.text)
		}
	}
	if got.classes["silence"] != 1 || got.classes["latency"] != 4 {
		t.Errorf("%v", got.classes)
	}
}
