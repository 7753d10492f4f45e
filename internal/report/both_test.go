package report

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/lipgloss"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/result"
)

// twoRuns are of one moment: Daily half a period later, and slower by shift.
func twoRuns(shift time.Duration) (daily, livekit bench.Run) {
	livekit, daily = benchtest.Run(200), benchtest.Run(200)
	livekit.Platform, daily.Platform = "livekit", "daily"
	daily.Facts.Transport = bench.SignallingWebSocket
	daily.Start = livekit.Start.Add(350 * time.Millisecond)
	for i := range daily.Samples {
		if daily.Samples[i].Outcome == bench.Answered {
			daily.Samples[i].RTT += shift
		}
	}
	return daily, livekit
}

func TestCompare(t *testing.T) {
	for shift, want := range map[time.Duration]string{
		5 * time.Millisecond: "livekit faster", -5 * time.Millisecond: "daily faster", 0: "no difference shown",
	} {
		d, l := twoRuns(shift)
		c := Compare(bench.NewRecord(d), bench.NewRecord(l))
		if c.Verdict != "not the same kind of path: "+want || c.Alike || !c.Paired || c.Pairs < 180 {
			t.Errorf("%v: %+v", shift, c)
		}
		if got := c.MedianDiff.Value - millis(shift); got < -1.5 || got > 1.5 {
			t.Errorf("%v: difference of medians %+v", shift, c.MedianDiff)
		}
		l.Facts.Transport = bench.SignallingWebSocket
		if c = Compare(bench.NewRecord(d), bench.NewRecord(l)); c.Verdict != want || !c.Alike {
			t.Errorf("%v, alike: %+v", shift, c)
		}
	}
	d, l := twoRuns(0)
	d.Plan.Cooldown, l.Plan.Cooldown = 0, 0
	if c := Compare(bench.NewRecord(d), bench.NewRecord(l)); c.Paired || c.MedianDiff == nil {
		t.Errorf("closed loops: %+v", c)
	}
	d.Samples = d.Samples[:3]
	if c := Compare(bench.NewRecord(d), bench.NewRecord(l)); c.MedianDiff != nil ||
		!strings.Contains(c.Verdict, "too few pings") {
		t.Errorf("three pings: %+v", c)
	}
}

// TestBothSaysWhoLosesMore: a platform that loses half of its pings is not called as good as the other because those
// that came back were as fast.
func TestBothSaysWhoLosesMore(t *testing.T) {
	d, l := twoRuns(0)
	for i := range d.Samples {
		if i%2 == 0 && d.Samples[i].Outcome == bench.Answered {
			d.Samples[i] = bench.Sample{Seq: d.Samples[i].Seq, Due: d.Samples[i].Due, Sent: d.Samples[i].Sent,
				Outcome: bench.Lost}
		}
	}
	d.Counts = bench.Counts{}
	d.Counts.Tally(d.Samples)
	c := Compare(bench.NewRecord(d), bench.NewRecord(l))
	const want = "no difference shown; Daily loses more (LiveKit "
	if !strings.Contains(c.Verdict, want) || c.LossDiff == nil || c.LossDiff.CI95[0] <= 0 {
		t.Errorf("%q, %+v; want %q", c.Verdict, c.LossDiff, want)
	}
	if c := Compare(bench.NewRecord(l), bench.NewRecord(l)); strings.Contains(c.Verdict, "loses") {
		t.Errorf("alike: %q", c.Verdict)
	}
	var b bytes.Buffer
	if err := WriteBothText(&b, bench.NewRecord(d), bench.NewRecord(l)); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(b.String()) {
		if n := len([]rune(strings.TrimRight(line, "\n"))); n > width {
			t.Errorf("%d columns: %s", n, line)
		}
	}
}

// TestPairsOfAlignedGrids: half a period between the two grids, in either direction and give or take a little, pairs
// the same slots.
func TestPairsOfAlignedGrids(t *testing.T) {
	for _, jitter := range []time.Duration{-2 * time.Millisecond, 0, 2 * time.Millisecond} {
		daily, livekit := twoRuns(0)
		daily.Plan.Aligned, livekit.Plan.Aligned = true, true
		daily.Plan.Phase = 50 * time.Millisecond
		daily.Start = livekit.Start.Add(350*time.Millisecond + jitter) // three periods and the phase
		for i := range livekit.Samples {
			livekit.Samples[i].RTT = time.Duration(livekit.Samples[i].Seq) * time.Millisecond
		}
		for i := range daily.Samples {
			daily.Samples[i].RTT = time.Duration(daily.Samples[i].Seq) * time.Millisecond
		}
		x, y := pairs(daily, livekit, answeredRTT)
		for i := range x {
			if d := y[i] - x[i]; d != 3*time.Millisecond {
				t.Fatalf("%v: slot %v is paired with %v", jitter, x[i], y[i])
			}
		}
		if len(x) < 180 {
			t.Errorf("%v: %d pairs", jitter, len(x))
		}
	}
}

// written is the file of both, read back.
func written(t *testing.T, daily, livekit *bench.Run, errs map[string]string) (b Both, err error) {
	t.Helper()
	document := func(r *bench.Run) *result.Document {
		if r == nil {
			return nil
		}
		return result.NewDocument(bench.NewRecord(*r))
	}
	var text bytes.Buffer
	if err := WriteBothJSON(&text, document(daily), document(livekit), errs); err != nil {
		return b, err
	}
	return b, json.Unmarshal(text.Bytes(), &b)
}

// TestNoVerdictOnAPlatformThatWentAway: it is neither faster nor slower.
func TestNoVerdictOnAPlatformThatWentAway(t *testing.T) {
	d, l := twoRuns(5 * time.Millisecond)
	d.Ended = bench.LinkLost
	b, err := written(t, &d, &l, map[string]string{"daily": "gone"})
	var table bytes.Buffer
	if err := WriteBothText(&table, bench.NewRecord(d), bench.NewRecord(l)); err != nil {
		t.Fatal(err)
	}
	if err != nil || b.Comparison != nil || b.Daily == nil || strings.Contains(table.String(), "faster\n") ||
		!strings.Contains(table.String(), "none: a platform that went away") {
		t.Errorf("%+v, %v\n%s", b.Comparison, err, table.String())
	}
}

func TestBothTable(t *testing.T) {
	d, l := twoRuns(5 * time.Millisecond)
	var b bytes.Buffer
	if err := WriteBothText(&b, bench.NewRecord(d), bench.NewRecord(l)); err != nil {
		t.Fatal(err)
	}
	golden(t, "both.txt", b.Bytes())
	for _, line := range strings.Split(b.String(), "\n") {
		if w := lipgloss.Width(line); w > width {
			t.Errorf("%d columns: %s", w, line)
		}
	}
}

func TestBothFile(t *testing.T) {
	_, l := twoRuns(0)
	b, err := written(t, nil, &l, map[string]string{"daily": "no-room"})
	if err != nil || b.Daily != nil || b.Comparison != nil || b.Livekit == nil || b.Errors["daily"] != "no-room" {
		t.Errorf("%+v, %v", b, err)
	}
}
