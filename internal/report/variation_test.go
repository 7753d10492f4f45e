package report

import (
	"bytes"
	"strings"
	"testing"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
)

// TestTableOfAudioHasTheBuffers: from 100 packets on the buffer that loses 1 %, from 1000 on that of 0.1 % too.
// Messages have no jitter buffer.
func TestTableOfAudioHasTheBuffers(t *testing.T) {
	for _, x := range []struct {
		run  bench.Run
		has  []string
		none []string
	}{
		{benchtest.Audio(1200), []string{"(would have lost 1 % of what came)", "(0.1 %)"}, []string{"needs 100"}},
		{benchtest.Audio(400), []string{"(would have lost 1 % of what came)"}, []string{"(0.1 %)", "needs 100"}},
		{benchtest.Audio(80), []string{"needs 100 packets; 79 came"}, []string{"would have lost"}},
		{benchtest.Run(1200), nil, []string{"jitter buffer", "variation", "bursts"}},
	} {
		var b bytes.Buffer
		if err := WriteText(&b, bench.NewRecord(x.run)); err != nil {
			t.Fatal(err)
		}
		for _, text := range x.has {
			if !strings.Contains(b.String(), text) {
				t.Errorf("%d pings: no %q in\n%s", x.run.Plan.Count, text, &b)
			}
		}
		for _, text := range x.none {
			if strings.Contains(b.String(), text) {
				t.Errorf("%d pings: %q in\n%s", x.run.Plan.Count, text, &b)
			}
		}
	}
}

// TestTableOfAudioHasTheSound: what was heard, whose doing it is, and that nothing is compared by it; where nothing was
// heard, that.
func TestTableOfAudioHasTheSound(t *testing.T) {
	run := benchtest.Audio(200)
	run.Media = &bench.Media{Bursts: []bench.NoiseBurst{{Seq: 1}, {Seq: 2}}}
	said := func(want string) {
		t.Helper()
		var b bytes.Buffer
		if WriteText(&b, bench.NewRecord(run)); !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, &b)
		}
	}
	said("sound          of 2 bursts none was heard")
	run.Media.Bursts[1].Ear, run.Media.Bursts[1].Buffer = bench.Known(3e8, true), bench.Known(12e7, true)
	said("sound          mouth to echo to ear 300.00 ms  (P50; 300.00 … 300.00; 1 of 2 heard)")
	said("jitter buffer 120.00 ms, aims at – (P50); 0.0 % concealed")
	said("compare no runs by it")
}
