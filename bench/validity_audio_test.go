package bench_test

import (
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
	if v.Verdict != bench.Invalid || !v.Has("red") || !strings.Contains(v.Why(), "subscriber goes as RED") {
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
