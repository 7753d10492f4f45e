package report

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
)

// TestBothByAudio: packets of audio on both platforms are compared as what they are, with no word of unlike ways; but
// not where the one repairs what it loses and the other does not.
func TestBothByAudio(t *testing.T) {
	daily, livekit := benchtest.Audio(300), benchtest.Audio(300)
	daily.Platform, livekit.Platform = "daily", "livekit"
	for i := range daily.Samples {
		daily.Samples[i].RTT += 5 * time.Millisecond
	}
	text := func() string {
		t.Helper()
		var b bytes.Buffer
		d, l := bench.NewRecord(daily), bench.NewRecord(livekit)
		if err := WriteBothText(&b, d, l); err != nil {
			t.Fatal(err)
		}
		return strings.Join(strings.Fields(b.String()), " ")
	}
	if got := text(); !strings.Contains(got, "verdict livekit faster for voice from here LiveKit is faster, by 5.") ||
		!strings.Contains(got, " ms of round trip; from mouth to ear Daily ") ||
		strings.Contains(got, "not the same kind") || strings.Contains(got, "what an application gets") {
		t.Errorf("alike:\n%s", got)
	}
	daily.Facts.Audio[0].NACK = !livekit.Facts.Audio[0].NACK
	const says = "not repaired by the same means"
	if got := text(); !strings.Contains(got, "verdict not the same kind of path: livekit faster") ||
		!strings.Contains(got, says) || strings.Contains(got, "for voice") {
		t.Errorf("with NACK on one side:\n%s", got)
	}
	daily.Facts.Audio[0].NACK = livekit.Facts.Audio[0].NACK
	for i := range daily.Samples {
		daily.Samples[i].RTT -= 5 * time.Millisecond
	}
	if got := text(); !strings.Contains(got, "verdict no difference shown for voice from here neither is shown to be") {
		t.Errorf("equal ones:\n%s", got)
	}
	daily.Facts.Audio[0].RED = true
	livekit.Facts.Audio[0].RED = true
	if got := text(); !strings.Contains(got, "verdict none: the run on Daily and the run on LiveKit are invalid") ||
		strings.Contains(got, "for voice") {
		t.Errorf("with RED:\n%s", got)
	}
}
