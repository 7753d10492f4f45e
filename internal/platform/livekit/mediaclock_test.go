package livekit

import (
	"testing"
	"time"

	"rtcbench/bench"
)

// TestAnAnswerKeepsItsTime: packets that were held back on their way, and come all at once, are as far apart in the
// answer as their sender made them; what was lost leaves its gap.
func TestAnAnswerKeepsItsTime(t *testing.T) {
	begun := time.Date(2026, 11, 27, 4, 0, 0, 0, time.UTC)
	c := mediaClock{base: 1<<32 - 1000} // it wraps around soon
	last := uint32(0)
	for i, x := range []struct {
		came   time.Duration
		theirs uint32
		ahead  uint32 // of the one before
	}{
		{0, 7000, 0},
		{20 * time.Millisecond, 7960, 960},
		{340 * time.Millisecond, 8920, 960}, // held back …
		{340 * time.Millisecond, 9880, 960},
		{341 * time.Millisecond, 10840, 960},  // … and all at once
		{341 * time.Millisecond, 12760, 1920}, // one was lost
		{342 * time.Millisecond, 11800, 1},    // no, overtaken
		{400 * time.Millisecond, 13720, 959},
		{460 * time.Millisecond, 4_000_000_000, 16 * perFrame}, // another stream: as the clock here goes
		{470 * time.Millisecond, 4_000_000_960, 960},
		{490 * time.Millisecond, 3_999_900_000, 960}, // the same one, set back
		{490 * time.Millisecond, 3_999_900_960, 960},
	} {
		got, first := c.stamp(begun.Add(x.came), bench.MediaTime{Stamp: x.theirs, OK: true})
		if first != (i == 0) || i > 0 && got-last != x.ahead {
			t.Errorf("packet %d: %d after the one before, want %d", i, got-last, x.ahead)
		}
		last = got
	}
}

// TestAStreamOfItsOwn: what answers nothing has the time at which it leaves, in whole frames, and never one of two
// packets.
func TestAStreamOfItsOwn(t *testing.T) {
	begun := time.Date(2026, 11, 27, 4, 0, 0, 0, time.UTC)
	c := mediaClock{base: 500}
	for _, x := range []struct {
		at   time.Duration
		want uint32
	}{{0, 500}, {19 * time.Millisecond, 1460}, {41 * time.Millisecond, 2420}, {42 * time.Millisecond, 2421},
		{62 * time.Millisecond, 3380}} {
		if got, _ := c.stamp(begun.Add(x.at), bench.MediaTime{}); got != x.want {
			t.Errorf("after %v: %d, want %d", x.at, got, x.want)
		}
	}
}
