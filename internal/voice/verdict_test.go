package voice

import (
	"math"
	"strings"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/stats"
)

const ms = time.Millisecond

// call is a run of n audio packets, 30 ms up and 50 ms down: every hundredth comes 40 ms later up, the pong of the last
// lost ones does not come. Both ends have one clock.
func call(n, lost int) bench.Run {
	r := bench.Run{Plan: bench.Plan{Count: n, Cooldown: 20 * ms, Timeout: time.Second}, Clocks: bench.OneClock,
		Ways: bench.Ways{Known: true, Down: lost}, Facts: bench.Facts{Transport: bench.RTPAudio}}
	for i := range n {
		s := bench.Sample{Seq: uint32(i + 1), Sent: time.Duration(i) * 20 * ms, Outcome: bench.Answered, Stamped: true,
			Up: 30 * ms, Hold: ms, RTT: 81 * ms}
		if i%100 == 99 {
			s.Up, s.RTT = 70*ms, 121*ms
		}
		if i >= n-lost {
			s = bench.Sample{Seq: s.Seq, Sent: s.Sent, Outcome: bench.Lost, Reason: bench.OnWayDown}
		}
		r.Samples = append(r.Samples, s)
	}
	r.Counts.Tally(r.Samples)
	return r
}

func of(r bench.Run, a Assumptions) Verdict { return Of(bench.NewRecord(r), a) }

func part(t *testing.T, v Verdict, name string) Part {
	t.Helper()
	for _, p := range v.Parts {
		if p.Name == name {
			return p
		}
	}
	t.Fatalf("no %s in %+v", name, v.Parts)
	return Part{}
}

// TestMouthToEarIsASum: of what was measured and what is assumed, on the worse of both ways.
func TestMouthToEarIsASum(t *testing.T) {
	a := Defaults()
	v := of(call(1000, 0), a) // down: 50 ms, without variation
	if !v.Known || v.Way != "down" || v.MouthToEar != 50*ms+a.Capture+a.Frame+a.Playout || !v.Bound {
		t.Errorf("%+v", v)
	}
	if want := (Impairment{Delay: v.MouthToEar, BurstR: 1}).R(); v.R != want || v.MOS != MOS(want) {
		t.Errorf("R %v, MOS %v; without a codec they are of the delay alone: %v", v.R, v.MOS, want)
	}
	if v.Network != 80*ms || v.TurnShare != 0.1 { // there and back, without what the echo held
		t.Errorf("%v of a turn, %v", v.Network, v.TurnShare)
	}
	a.Buffer = bench.Known(39*ms, true) // up: 30 and 39 ms, and one packet of a hundred is late for it
	a.Codec = Codec{Known: true, Ie: 0, Bpl: 4, Source: "a test"}
	a.Turn = 400 * ms
	v = of(call(1000, 0), a)
	up := Impairment{Delay: 69*ms + a.Capture + a.Frame + a.Playout, Loss: 1, BurstR: 1, Bpl: 4}.R()
	if v.Way != "up" || math.Abs(v.R-up) > 1e-9 || v.Bound || v.TurnShare != 0.2 {
		t.Errorf("%+v, want R %v", v, up)
	}
	if p := part(t, v, "buffer"); p.Value != 39 || p.Source != "as given" {
		t.Errorf("%+v", p)
	}
}

// TestLossOfTheWay: what was lost on the way down is no loss of the way up; its bursts are G.107's burst ratio.
func TestLossOfTheWay(t *testing.T) {
	a := Defaults()
	a.Codec = Codec{Known: true, Ie: 5, Bpl: 10, Source: "a test"}
	v := of(call(1000, 20), a)
	late := 0.01
	percent := 100 * (1 - 0.98*(1-late))
	want := Impairment{Delay: v.MouthToEar, Loss: percent, BurstR: 20 * 0.98, Ie: 5, Bpl: 10}.R()
	if v.Way != "down" || math.Abs(v.R-want) > 1e-9 {
		t.Errorf("R %v, want %v: %+v", v.R, want, v.Parts)
	}
	r := call(1000, 20)
	r.Ways.Known = false
	if p := part(t, of(r, a), "loss"); !strings.Contains(p.Source, "nobody knows on which way") {
		t.Errorf("%+v", p)
	}
}

// TestAssumptionsAreSaid: of one way without synchronised clocks, and of the few packets of a short run.
func TestAssumptionsAreSaid(t *testing.T) {
	r := call(1000, 0)
	for _, x := range []struct {
		clocks bench.Clocks
		errors bench.Quantity
		says   string
	}{
		{bench.OneClock, bench.Quantity{}, "measured, by one clock"},
		{bench.UnknownOffsets, bench.Quantity{}, "assumed half of the round trip, ± 40."},
		{bench.UnknownOffsets, bench.Known(ms, true), "measured, ± "},
		{bench.SyncedClocks, bench.Quantity{}, "measured, ± 1.00 ms"},
	} {
		r.Clocks, r.ClockErrors = x.clocks, bench.ClockErrors{Runner: x.errors, Echo: x.errors}
		r.Synced = stats.Offset{Lo: -ms, Hi: ms}
		if p := part(t, of(r, Defaults()), "one way"); !strings.Contains(p.Source, x.says) {
			t.Errorf("%s clocks: %q, want %q", x.clocks, p.Source, x.says)
		}
	}
	for i := range r.Samples {
		r.Samples[i].Stamped = false // as an echo that says nothing of its times
	}
	v := of(r, Defaults())
	if p := part(t, v, "one way"); p.Value != 40.5 || !strings.HasPrefix(p.Source, "assumed: half of the fastest") {
		t.Errorf("%+v", p)
	}
	if p := part(t, of(call(50, 0), Defaults()), "buffer"); !strings.Contains(p.Source, "fewer than 100") {
		t.Errorf("%+v", p)
	}
	if v := of(call(10, 10), Defaults()); v.Known || v.Why == "" {
		t.Errorf("nothing was answered: %+v", v)
	}
	for _, p := range of(call(1000, 0), Defaults()).Parts {
		if !p.Known && p.Name != "ie, bpl" || p.Source == "" {
			t.Errorf("%+v", p)
		}
	}
}

func TestCodecsAreOfferedByName(t *testing.T) {
	for _, name := range Codecs() {
		c, err := CodecNamed(name)
		if err != nil || !c.Known || c.Ie <= 0 || c.Ie > 95 || c.Bpl <= 0 || !strings.Contains(c.Source, "2021") {
			t.Errorf("%s: %+v, %v", name, c, err)
		}
	}
	if _, err := CodecNamed("opus"); err == nil || !strings.Contains(err.Error(), "opus-nb-vbr-9") {
		t.Error(err)
	}
}

// TestAKeptRunIsJudgedToo: a store gives some runs back without their pings.
func TestAKeptRunIsJudgedToo(t *testing.T) {
	a := Defaults()
	a.Buffer = bench.Known(39*ms, true)
	a.Codec = Codec{Known: true, Bpl: 10, Source: "a test"}
	r := call(1000, 0)
	whole := of(r, a)
	r.Kept, r.Samples = &bench.Kept{Summary: bench.Summarise(r)}, nil
	if kept := of(r, a); kept.MouthToEar != whole.MouthToEar || kept.R > whole.R || kept.R < whole.R-15 {
		t.Errorf("%+v\nwith its pings %+v", kept, whole)
	}
}
