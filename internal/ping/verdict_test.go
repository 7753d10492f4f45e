package ping_test

import (
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
)

func TestFloor(t *testing.T) {
	sc := quiet(20) // its P50 is 40 ms
	run, err := sc.probe(t)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		floor time.Duration
		doubt string
		want  bench.Verdict
	}{
		{8 * ms, "", bench.Valid}, {9 * ms, "", bench.Doubtful}, {24 * ms, "", bench.Doubtful},
		{25 * ms, "", bench.Invalid},
		{40 * ms, bench.SandboxDoubt, bench.Valid}, // there is nothing else to measure
		{40 * ms, "lab", bench.Invalid},            // a lab is a network
	} {
		r := run
		r.Floor = &bench.Floor{RTT: c.floor}
		if c.doubt != "" {
			r.Doubts = []bench.Doubt{{Code: c.doubt, Text: "x"}}
		}
		code := "floor"
		if c.want == bench.Valid {
			code = ""
		}
		judged(t, r, c.want, code)
	}
}

// TestTooFewPings mark the percentile, and the run only when a limit asks for it.
func TestTooFewPings(t *testing.T) {
	sc := quiet(60)
	run, err := sc.probe(t)
	if err != nil {
		t.Fatal(err)
	}
	judged(t, run, bench.Valid, "")
	if !doubted(run, "few-pings") {
		t.Error("the P99 of 60 pings is not doubted")
	}
	run.Asked = 0.95 // 59 are needed
	judged(t, run, bench.Valid, "")
	run.Asked = 0.99
	judged(t, run, bench.Doubtful, "few-pings")
	n := 0
	for _, d := range bench.Summarise(run).Doubts {
		if d.Code == "few-pings" {
			n++
		}
	}
	if n != 1 {
		t.Errorf("it is told %d times", n)
	}
}

func TestNothingMeasured(t *testing.T) {
	sc := quiet(20)
	sc.plan.EchoTimeout = time.Second
	sc.answer = func(int, string) []benchtest.Reply { return nil }
	run, err := sc.probe(t)
	if err == nil {
		t.Fatal("nobody answered, and there is no error")
	}
	judged(t, run, bench.Invalid, "nothing-sent")
	sc = quiet(20)
	sc.answer = func(seq int, t1 string) []benchtest.Reply { // the warm-up alone is answered: this is loss
		if seq > 0 {
			return nil
		}
		return []benchtest.Reply{benchtest.Pong(t1, 0)}
	}
	if run, err = sc.probe(t); err != nil || run.Counts.Lost != 20 {
		t.Fatalf("%+v, %v", run.Counts, err)
	}
	judged(t, run, bench.Valid, "")
}

// TestTheWorstComesFirst, and a verdict that was given is not given again.
func TestTheWorstComesFirst(t *testing.T) {
	sc := quiet(20)
	run, err := sc.probe(t)
	if err != nil {
		t.Fatal(err)
	}
	run.Machine.Steal, run.Floor = bench.Share{Ratio: 0.05, OK: true}, &bench.Floor{RTT: 30 * ms}
	v := bench.Summarise(run).Validity
	if v.Verdict != bench.Invalid || len(v.Grounds) != 2 || v.Grounds[0].Code != "floor" ||
		v.Grounds[1].Verdict != bench.Doubtful {
		t.Errorf("%+v", v)
	}
	run.Judged = &bench.Validity{Verdict: bench.Valid} // by an rtcbench with other limits
	judged(t, run, bench.Valid, "")
}

// TestKeptRunsAreJudged: of a run without samples, by what was kept of it.
func TestKeptRunsAreJudged(t *testing.T) {
	sc := quiet(50)
	run, err := sc.probe(t)
	if err != nil {
		t.Fatal(err)
	}
	s := bench.Summarise(run)
	s.Validity, s.TimerError.P99.D = bench.Validity{}, 51*ms
	run.Kept, run.Samples = &bench.Kept{Summary: s}, nil
	judged(t, run, bench.Invalid, "timer")
	if len(run.Kept.Summary.Doubts) != len(s.Doubts) {
		t.Error("summing up has changed what was kept")
	}
}
