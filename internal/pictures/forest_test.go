package pictures

import (
	"strings"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/report"
)

// slower is a run of its own whose pings took longer by d.
func slower(d time.Duration) bench.Run {
	r := benchtest.StoredRun(400, time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC))
	for i := range r.Samples {
		if r.Samples[i].RTT > 0 {
			r.Samples[i].RTT += d
		}
	}
	return r
}

func sides(runs ...bench.Run) (list []report.Group) {
	for i, r := range runs {
		list = append(list, report.Group{Name: "side " + string(rune('1'+i)), Runs: benchtest.Records(r)})
	}
	return list
}

// TestComparisonsAreThoseOfCompare: the picture has the verdict and the differences of rtcbench compare.
func TestComparisonsAreThoseOfCompare(t *testing.T) {
	of := sides(slower(0), slower(7*time.Millisecond))
	c := report.CompareGroups(of[0], of[1], report.Against{})
	got := drawn(t, "", of)
	for _, want := range []string{c.Verdict, told(*c.MedianDiff), told(*c.P95Diff), "n = 398 answered", "A: side 1",
		"B: side 2"} {
		if !strings.Contains(got.text, want) {
			t.Errorf("the picture has not %q: %s", want, got.text)
		}
	}
	if n := got.classes["difference"]; n != 3 || got.classes["interval"] != 9 {
		t.Errorf("%d differences are drawn, with %d lines of intervals", n, got.classes["interval"])
	}
	three := drawn(t, "compare", append(of, sides(slower(9*time.Millisecond))...))
	if !strings.Contains(three.text, "2 others against side 1") || three.classes["difference"] != 6 {
		t.Errorf("%v %s", three.classes, three.text)
	}
}

// TestUnlikeWaysAreNotDrawn: what cannot be held against each other is not drawn on one scale, and says so.
func TestUnlikeWaysAreNotDrawn(t *testing.T) {
	other := slower(0)
	other.Facts.Transport = bench.DataChannelReliable
	got := drawn(t, "", sides(slower(0), other))
	if got.classes["difference"] != 0 || !strings.Contains(got.text, "Not drawn against each other") {
		t.Errorf("%v %s", got.classes, got.text)
	}
}

// TestAnInvalidSide: no comparison with an invalid run looks like one.
func TestAnInvalidSide(t *testing.T) {
	invalid := slower(0)
	invalid.Judged = &bench.Validity{Verdict: bench.Invalid,
		Grounds: []bench.Ground{{Code: "x", Verdict: bench.Invalid, Text: "a reason"}}}
	got := drawn(t, "", sides(slower(0), invalid))
	if got.classes["verdict invalid"] != 1 || !strings.Contains(got.text, "B is invalid") {
		t.Errorf("%v %s", got.classes, got.text)
	}
}
