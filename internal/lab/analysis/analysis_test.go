package analysis

import (
	"slices"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/lab"
)

const msec = time.Millisecond

func TestInjectedFollowsEachPing(t *testing.T) {
	start := time.Unix(1700000000, 0)
	run := bench.Run{Start: start.Add(time.Second)}
	var log lab.Log
	log.Start = start
	pass := func(from, to lab.Place, at, delay time.Duration, fate lab.Fate) time.Duration {
		r := lab.Record{From: from, To: to, UDP: true, Size: 300, Fate: fate, Arrived: at, Due: at + delay}
		if fate == lab.Carried {
			r.Left = r.Due
		}
		// and its acknowledgement
		log.Records = append(log.Records, r, lab.Record{From: from, To: to, UDP: true, Size: 90, Arrived: at + msec,
			Due: at + msec, Left: at + msec})
		return at + delay
	}
	for i := range 20 {
		sent := time.Duration(i) * 100 * msec
		run.Samples = append(run.Samples, bench.Sample{Seq: uint32(i + 1), Outcome: bench.Answered, Sent: sent,
			RTT: 80 * msec})
		fate := lab.Carried
		if i == 7 {
			fate = lab.Lost // and sent again, 30 ms later
		}
		at := pass(lab.Runner, lab.SFU, time.Second+sent+msec, 40*msec, fate)
		if i == 9 { // two go on at one time: nobody can tell which is which
			pass(lab.SFU, lab.Echo, at+2*msec, 3*msec, lab.Carried)
		}
		at = pass(lab.SFU, lab.Echo, at+2*msec, 3*msec, lab.Carried)
		at = pass(lab.Echo, lab.SFU, at+msec/2, 4*msec, lab.Carried)
		pass(lab.SFU, lab.Runner, at+msec, 20*msec, lab.Carried)
	}
	slices.SortStableFunc(log.Records, func(a, b lab.Record) int { return int(a.Arrived - b.Arrived) })
	for i, in := range Injected(log, run) {
		if want := i != 7 && i != 9; in.OK != want {
			t.Errorf("ping %d: matched %v", in.Seq, in.OK)
		}
		if in.OK && (in.Up != 43*msec || in.Down != 24*msec || in.Sending != msec || in.Server != 3*msec ||
			in.Echo != msec/2) {
			t.Errorf("ping %d: %+v", in.Seq, in)
		}
	}
	run.Samples[11].Outcome, run.Samples[11].Reason = bench.Lost, bench.OnWayUp
	run.Samples[12].Outcome, run.Samples[12].Reason = bench.Lost, bench.OnWayDown
	run.Samples[7].RTT = 110 * msec
	run.Counts.Sent = 20
	heard := map[uint32]bool{}
	for i := range uint32(20) {
		heard[i+1] = true // also the twelfth, which the run says was lost before the echo
	}
	r := NewReport(lab.Scenario{Name: "x"}, 1, log, run, heard)
	if r.Loss.Heard == nil || *r.Loss.Heard != 20 || r.Loss.Wrong != 1 ||
		r.Again != (Again{Pings: 1, P50: 30, Max: 30}) {
		t.Errorf("%+v, %+v", r.Loss, r.Again)
	}
	run.Samples[11].Outcome, run.Samples[12].Outcome = bench.Answered, bench.Answered
	r = NewReport(lab.Scenario{Name: "x"}, 1, log, run, nil)
	if r.Loss.Heard != nil {
		t.Errorf("the echo wrote down nothing, and heard %d", *r.Loss.Heard)
	}
	if r.Pings != 20 || r.Matched != 18 || r.Errors[0].What != "round trip P50" || r.Errors[0].Injected != 67 ||
		r.Errors[0].Error != 13 || r.Hops[0].Lost != 1 || r.Hops[0].Packets != 20 || r.Imprecise {
		t.Errorf("%+v", r)
	}
}

// A ping that the program or the server held up is found too, and the interval of its way there is not held against
// what came after the echo: without the slow ones the instrument would look better than it is.
func TestInjectedFindsSlowPings(t *testing.T) {
	start := time.Unix(1700000000, 0)
	run := bench.Run{Start: start.Add(time.Second)}
	log := lab.Log{Start: start}
	for i := range 20 {
		sent := time.Duration(i) * 100 * msec
		// in the runner, the server, the echo, the server, the runner
		held := [5]time.Duration{msec, msec, msec, msec, msec}
		switch i {
		case 3, 5, 7, 9, 11:
			held[i/2-1] = 60 * msec
		case 15:
			held[0] = 130 * msec // until after the next
		}
		s := bench.Sample{Seq: uint32(i + 1), Outcome: bench.Answered, Sent: sent, Stamped: true}
		at := time.Second + sent
		for h, way := range wayThere {
			at += held[h]
			r := lab.Record{From: way[0], To: way[1], UDP: true, Size: 300, Arrived: at, Due: at + 5*msec,
				Left: at + 5*msec}
			log.Records, at = append(log.Records, r), r.Left
			if h == 1 {
				s.Up = at + 100*time.Microsecond - time.Second - sent
			}
		}
		s.RTT = at + held[4] - time.Second - sent
		s.Hold = held[2] - 200*time.Microsecond
		run.Samples = append(run.Samples, s)
	}
	slices.SortStableFunc(log.Records, func(a, b lab.Record) int { return int(a.Arrived - b.Arrived) })
	for i, in := range Injected(log, run) {
		if want := i != 15; in.OK != want {
			t.Errorf("ping %d: matched %v", in.Seq, in.OK)
		}
		if in.OK && (in.Up != 10*msec || in.Down != 10*msec) {
			t.Errorf("ping %d: %+v", in.Seq, in)
		}
	}
	r := NewReport(lab.Scenario{}, 1, log, run, nil)
	if r.Others.Pings != 1 || r.Others.Max != 154 {
		t.Errorf("of those that were not matched it says %+v", r.Others)
	}
	if c := r.Clocks; c.Of != 19 || c.Held != 19 || c.Wrong != 0 {
		t.Errorf("the interval holds %+v", c)
	}
	run.Clocks = bench.OneClock // and they are not
	for i := range run.Samples {
		run.Samples[i].Up += 10 * msec
	}
	if c := NewReport(lab.Scenario{}, 1, log, run, nil).Clocks; c.Held != 0 || c.Wrong != 19 {
		t.Errorf("clocks that are 10 ms apart, and said to be one: %+v", c)
	}
}

// Pings may follow each other more quickly than a slow one is waited for.
func TestInjectedTellsQuickPingsApart(t *testing.T) {
	start := time.Unix(1700000000, 0)
	run := bench.Run{Start: start, Plan: bench.Plan{Cooldown: 5 * msec}}
	log := lab.Log{Start: start}
	for i := range 100 {
		sent := time.Duration(i) * run.Plan.Cooldown
		at := sent
		for _, way := range wayThere {
			at += msec
			r := lab.Record{From: way[0], To: way[1], UDP: true, Size: 300, Arrived: at, Due: at + 40*msec,
				Left: at + 40*msec}
			log.Records, at = append(log.Records, r), r.Left
		}
		run.Samples = append(run.Samples, bench.Sample{Seq: uint32(i + 1), Outcome: bench.Answered, Sent: sent,
			RTT: at + msec - sent})
	}
	slices.SortStableFunc(log.Records, func(a, b lab.Record) int { return int(a.Arrived - b.Arrived) })
	for _, in := range Injected(log, run) {
		if !in.OK || in.RTT() != 160*msec {
			t.Fatalf("%+v", in)
		}
	}
}

// A run whose router was late says so; a ping that met the network on one hop alone is neither of the floor nor beyond
// it; copies are no pings.
func TestWhatIsNotCounted(t *testing.T) {
	start := time.Unix(1700000000, 0)
	s := lab.Scenario{Alternate: time.Second}
	run := bench.Run{Start: start, Clocks: bench.OneClock, Plan: bench.Plan{Cooldown: 50 * msec}}
	log := lab.Log{Start: start}
	const late = 3 * msec
	for i := range 200 {
		sent := time.Duration(i) * 50 * msec
		at := sent
		for h, way := range wayThere {
			r := lab.Record{From: way[0], To: way[1], UDP: true, Size: 300, Arrived: at, Due: at + 30*msec,
				Left: at + 30*msec + late}
			log.Records, at = append(log.Records, r), r.Left
			if h == 1 {
				r.Copy = true
				log.Records = append(log.Records, r)
			}
		}
		run.Samples = append(run.Samples, bench.Sample{Seq: uint32(i + 1), Outcome: bench.Answered, Sent: sent,
			RTT: at - sent, Stamped: true})
	}
	slices.SortStableFunc(log.Records, func(a, b lab.Record) int { return int(a.Arrived - b.Arrived) })
	r := NewReport(s, 1, log, run, nil)
	if !r.Imprecise || r.Matched != 200 {
		t.Errorf("imprecise %v, %d matched", r.Imprecise, r.Matched)
	}
	// 99 ms lie between the first hop and the last: of 20 pings in a stretch the last one meets both.
	if b := r.Residuals; b == nil || b.There+b.Away != 190 {
		t.Errorf("%d beyond the floor, %d on it", b.There, b.Away)
	}
}

// Without its network a scenario passes everything on at once, and lets nothing overtake what came before. What the
// instrument adds is then taken off as it was in the same seconds: here 5 ms for most of the time and 1 ms at the end.
func TestFloorOfTheSameSeconds(t *testing.T) {
	s := lab.Scenario{RunnerSFU: lab.Path{Up: lab.Way{Delay: 40 * msec}, Down: lab.Way{Delay: 30 * msec}},
		Alternate: time.Second}
	var log []lab.Record
	delays := map[[2]lab.Place]time.Duration{{lab.Runner, lab.SFU}: 40 * msec, {lab.SFU, lab.Runner}: 30 * msec}
	last := map[[2]lab.Place]time.Duration{}
	pass := func(from, to lab.Place, at time.Duration) time.Duration {
		way := [2]lab.Place{from, to}
		left := at + delays[way]
		if s.Away(at) {
			left = max(at, last[way])
		}
		last[way] = left
		log = append(log, lab.Record{From: from, To: to, UDP: true, Size: 300, Arrived: at, Due: left, Left: left})
		return left
	}
	start := time.Unix(1700000000, 0)
	run := bench.Run{Start: start, Clocks: bench.OneClock}
	for i := range 400 { // 20 s
		sent, own := time.Duration(i)*50*msec, 5*msec
		if i >= 280 {
			own = msec
		}
		at := pass(lab.Runner, lab.SFU, sent)
		at = pass(lab.SFU, lab.Echo, at)
		up := at - sent
		at = pass(lab.Echo, lab.SFU, at+own)
		at = pass(lab.SFU, lab.Runner, at)
		run.Samples = append(run.Samples, bench.Sample{Seq: uint32(i + 1), Outcome: bench.Answered, Sent: sent,
			RTT: at - sent, Up: up, Stamped: true})
	}
	slices.SortStableFunc(log, func(a, b lab.Record) int { return int(a.Arrived - b.Arrived) })
	b := NewReport(s, 1, lab.Log{Start: start, Records: log}, run, nil).Residuals
	if b == nil || b.There < 150 || b.Away < 150 || b.There+b.Away > 396 {
		t.Fatalf("%+v", b)
	}
	if e := b.Errors[0]; e.What != "round trip P50" || e.Injected != 70 || e.Error < -0.01 || e.Error > 0.01 {
		t.Errorf("the same 5 and 1 ms, with a network and without: %+v", e)
	}
}
