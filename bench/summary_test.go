package bench_test

import (
	"strings"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/stats"
)

func samples(outcomes ...bench.Outcome) bench.Run {
	r := bench.Run{Plan: bench.Plan{Count: len(outcomes), Cooldown: 100 * ms, Timeout: 500 * ms, Warmup: 5}}
	for i, o := range outcomes {
		s := bench.Sample{Seq: uint32(i + 1), Due: time.Duration(i) * 100 * ms, Sent: time.Duration(i) * 100 * ms,
			Outcome: o}
		if o == bench.Answered {
			s.RTT = 10 * ms
		}
		r.Samples = append(r.Samples, s)
	}
	r.Counts.Tally(r.Samples)
	return r
}

func TestSlotsThatWereNotSentAreNoLoss(t *testing.T) {
	s := bench.Summarise(samples(bench.Lost, bench.NotSent, bench.Lost, bench.Answered, bench.Unsettled,
		bench.Answered))
	if s.LongestRun != 2 || s.Loss != 0.5 {
		t.Errorf("longest run %d, loss %v; want 2, 0.5", s.LongestRun, s.Loss)
	}
	if s.IPDV.P50.OK {
		t.Error("no two neighbours were answered, and yet there is an IPDV")
	}
	if s.Jitter.D != 0 || !s.Jitter.OK {
		t.Errorf("jitter %+v", s.Jitter)
	}
}

func TestNothingIsNotZero(t *testing.T) {
	s := bench.Summarise(samples(bench.Lost, bench.Lost))
	if s.P50.OK || s.Mean.OK || s.Jitter.OK || s.OneWay.Known || s.SendCall.P50.OK || s.Loss != 1 {
		t.Errorf("%+v", s)
	}
	if s = bench.Summarise(bench.Run{}); s.LossKnown {
		t.Error("loss of nothing")
	}
}

func doubted(r bench.Run, code string) bool {
	for _, d := range bench.Summarise(r).Doubts {
		if d.Code == code {
			return true
		}
	}
	return false
}

func TestDoubts(t *testing.T) {
	r := samples(bench.Answered, bench.Answered)
	r.Ended, r.Start = bench.Complete, time.Unix(1000, 0)
	for _, code := range []string{"ended-early", "many-echoes", "not-sent", "late", "reconnected", "ice-changed",
		"timer", "standin"} {
		if doubted(r, code) {
			t.Errorf("%s in a run that is fine", code)
		}
	}
	pair := func(leg bench.Leg, at time.Time) bench.ICEPair { return bench.ICEPair{Leg: leg, At: at} }
	r.Facts.ICE = []bench.ICEPair{pair(bench.Publisher, r.Start.Add(-2*time.Second)),
		pair(bench.Publisher, r.Start.Add(-time.Second)), pair(bench.Subscriber, r.Start.Add(time.Second))}
	if doubted(r, "ice-changed") {
		t.Error("a pair that changed before the run is no doubt about it")
	}
	r.Facts.ICE = append(r.Facts.ICE, pair(bench.Publisher, r.Start.Add(time.Second)))
	if !doubted(r, "ice-changed") {
		t.Error("a pair that changed during the run is")
	}
	r.Samples[1].Sent = r.Samples[1].Due + 6*ms
	if r.Samples[0].Sent = r.Samples[0].Due + 6*ms; !doubted(r, "timer") {
		t.Error("6 ms late is")
	}
	r.Standin, r.Facts.Reconnects, r.Ended = true, 1, bench.Interrupted
	for _, code := range []string{"standin", "reconnected", "ended-early"} {
		if !doubted(r, code) {
			t.Errorf("no doubt %q", code)
		}
	}
}

func TestSynchronisedClocks(t *testing.T) {
	r := samples(bench.Answered, bench.Answered)
	for i := range r.Samples { // 4 ms up, 6 ms down, the echo 1 s ahead
		r.Samples[i].Stamped, r.Samples[i].Up = true, time.Second+4*ms
	}
	r.Clocks, r.Synced = bench.SyncedClocks, stats.Offset{Theta: time.Second + ms, Lo: time.Second,
		Hi: time.Second + 2*ms}
	o := bench.Summarise(r).OneWay
	if !o.Known || o.Up.P50.D != 3*ms || o.Down.P50.D != 7*ms || o.Offset.HalfWidth() != ms {
		t.Errorf("%+v", o)
	}
	r.Synced = stats.Offset{Theta: 0, Lo: -ms, Hi: ms}
	if o = bench.Summarise(r).OneWay; o.Known || !strings.Contains(o.Why, "causality") {
		t.Errorf("an offset that lets messages arrive before they leave: %+v", o)
	}
}
