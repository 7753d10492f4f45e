package bench_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
)

// TestRedIsInvalid: where each packet carries those before it again, a lost one came with the next. It is said on which
// leg.
func TestRedIsInvalid(t *testing.T) {
	r := benchtest.Audio(300)
	if v := bench.Summarise(r).Validity; v.Has("red") {
		t.Errorf("without RED: %+v", v)
	}
	r.Facts.Audio[1].RED = true
	v := bench.Summarise(r).Validity
	if v.Verdict != bench.Invalid || !v.Has("red") || !strings.Contains(v.Why(), "subscriber goes as RED") ||
		!strings.Contains(v.Why(), "publish without RED") {
		t.Errorf("with RED: %+v", v)
	}
}

// TestWaitForTheEncoder: a page's ping by audio leaves with the encoder's next frame, which is no fault of the machine;
// in all other runs such a wait is one.
func TestWaitForTheEncoder(t *testing.T) {
	for _, x := range []struct {
		engine string
		class  bench.TransportClass
		doubt  bool
	}{{bench.Browser, bench.RTPAudio, false}, {bench.Browser, bench.DataChannelLossy, true},
		{bench.Native, bench.RTPAudio, true}} {
		r := benchtest.Audio(300)
		r.Facts.Engine, r.Facts.Transport = x.engine, x.class
		for i := range r.Samples {
			r.Samples[i].Sent = r.Samples[i].Due + 20*time.Millisecond
		}
		if v := bench.Summarise(r).Validity; v.Has("timer") != x.doubt {
			t.Errorf("%s, %s: %+v", x.engine, x.class, v)
		}
	}
}

// TestAStarvedEncoder: where the machine was too busy for the page's encoder, the verdict says which slots that cost,
// and that it was not the path.
func TestAStarvedEncoder(t *testing.T) {
	const why = ": the encoder of the page had no packet for them, for this machine is busy"
	for _, x := range []struct {
		starved int
		verdict bench.Verdict
	}{{5, bench.Doubtful}, {60, bench.Invalid}} {
		r := benchtest.Audio(300)
		r.Facts.Engine = bench.Browser
		for i := range x.starved {
			s := &r.Samples[10+i]
			*s = bench.Sample{Seq: s.Seq, Due: s.Due, Outcome: bench.NotSent, Reason: bench.Stalled}
		}
		r.Counts = bench.Counts{}
		r.Counts.Tally(r.Samples)
		want := fmt.Sprintf("%d of %d slots could not be used (stalled: %d); they are not loss%s", r.Counts.NotSent,
			len(r.Samples), r.Counts.NotSent, why)
		if v := bench.Summarise(r).Validity; v.Verdict != x.verdict || v.Why() != want {
			t.Errorf("%d starved: %s, %q, want %s, %q", x.starved, v.Verdict, v.Why(), x.verdict, want)
		}
		r.Samples[200] = bench.Sample{Seq: 201, Due: r.Samples[200].Due, Outcome: bench.NotSent, Reason: bench.Muted}
		r.Counts = bench.Counts{}
		r.Counts.Tally(r.Samples)
		says := fmt.Sprintf("the encoder of the page had no packet for %d of them", r.Counts.NotSent-1)
		if v := bench.Summarise(r).Validity; !strings.Contains(v.Why(), says) {
			t.Errorf("one was muted: %q, want %s", v.Why(), says)
		}
		r.Facts.Engine = bench.Native
		if v := bench.Summarise(r).Validity; strings.Contains(v.Why(), "encoder") {
			t.Errorf("without a browser: %q", v.Why())
		}
	}
}
