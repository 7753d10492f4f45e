package lab

import (
	"encoding/binary"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"rtcbench/bench"
)

// packet is an IPv4 packet with a UDP datagram in it, of size bytes altogether.
func packet(from, to string, size int) []byte {
	b := make([]byte, size)
	b[0], b[9] = 0x45, 17
	binary.BigEndian.PutUint16(b[2:], uint16(size))
	f, t := netip.MustParseAddr(from).As4(), netip.MustParseAddr(to).As4()
	copy(b[12:], f[:])
	copy(b[16:], t[:])
	return b
}

func TestExchange(t *testing.T) {
	s := Scenario{RunnerSFU: Path{Up: Way{Delay: 30 * msec}, Down: Way{Delay: 10 * msec}}}
	x := newExchange(s, 1)
	x.arrive(0, Runner, packet(Runner.Address(), SFU.Address(), 200))
	x.arrive(5*msec, SFU, packet(SFU.Address(), Runner.Address(), 300))
	x.arrive(6*msec, SFU, packet(SFU.Address(), Echo.Address(), 400))
	for _, stray := range [][]byte{packet(Runner.Address(), Echo.Address(), 100), packet(Runner.Address(), "8.8.8.8", 100), {0x60, 0, 0}, nil} {
		x.arrive(7*msec, Runner, stray)
	}
	type gone struct {
		at   time.Duration
		to   Place
		size int
	}
	var got []gone
	for due, ok := x.next(); ok; due, ok = x.next() {
		b, to, left := x.leave()
		left(due + 20*time.Microsecond)
		got = append(got, gone{due, to, len(b)})
	}
	if want := []gone{{6 * msec, Echo, 400}, {15 * msec, Runner, 300}, {30 * msec, SFU, 200}}; !slices.Equal(got, want) {
		t.Errorf("left %v, want %v", got, want)
	}
	if r := x.log[0]; r.Delay() != 30*msec+20*time.Microsecond || r.Added() != 20*time.Microsecond || !r.UDP || r.Size != 200 {
		t.Errorf("the first is written down as %+v", r)
	}
	strays := 0
	for _, r := range x.log {
		if r.Fate == Unroutable {
			strays++
		}
	}
	if strays != 4 || len(x.log) != 7 {
		t.Errorf("%d packets written down, %d of them to nobody; want 7 and 4", len(x.log), strays)
	}
}

func TestInjectedFollowsEachPing(t *testing.T) {
	start := time.Unix(1700000000, 0)
	run := bench.Run{Start: start.Add(time.Second)}
	var log Log
	log.Start = start
	pass := func(from, to Place, at, delay time.Duration, fate Fate) time.Duration {
		r := Record{From: from, To: to, UDP: true, Size: 300, Fate: fate, Arrived: at, Due: at + delay}
		if fate == Carried {
			r.Left = r.Due
		}
		log.Records = append(log.Records, r, Record{From: from, To: to, UDP: true, Size: 90, Arrived: at + msec, Due: at + msec, Left: at + msec}) // and its acknowledgement
		return at + delay
	}
	for i := range 20 {
		sent := time.Duration(i) * 100 * msec
		run.Samples = append(run.Samples, bench.Sample{Seq: uint32(i + 1), Outcome: bench.Answered, Sent: sent, RTT: 80 * msec})
		fate := Carried
		if i == 7 {
			fate = Lost // and sent again, 30 ms later
		}
		at := pass(Runner, SFU, time.Second+sent+msec, 40*msec, fate)
		if i == 9 { // two go on at one time: nobody can tell which is which
			pass(SFU, Echo, at+2*msec, 3*msec, Carried)
		}
		at = pass(SFU, Echo, at+2*msec, 3*msec, Carried)
		at = pass(Echo, SFU, at+msec/2, 4*msec, Carried)
		pass(SFU, Runner, at+msec, 20*msec, Carried)
	}
	slices.SortStableFunc(log.Records, func(a, b Record) int { return int(a.Arrived - b.Arrived) })
	for i, in := range Injected(log, run) {
		if want := i != 7 && i != 9; in.OK != want {
			t.Errorf("ping %d: matched %v", in.Seq, in.OK)
		}
		if in.OK && (in.Up != 43*msec || in.Down != 24*msec || in.Sending != msec || in.Server != 3*msec || in.Echo != msec/2) {
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
	r := NewReport(Scenario{Name: "x"}, 1, log, run, heard)
	if r.Loss.Heard == nil || *r.Loss.Heard != 20 || r.Loss.Wrong != 1 || r.Again != (Again{Pings: 1, P50: 30, Max: 30}) {
		t.Errorf("%+v, %+v", r.Loss, r.Again)
	}
	run.Samples[11].Outcome, run.Samples[12].Outcome = bench.Answered, bench.Answered
	r = NewReport(Scenario{Name: "x"}, 1, log, run, nil)
	if r.Loss.Heard != nil {
		t.Errorf("the echo wrote down nothing, and heard %d", *r.Loss.Heard)
	}
	if r.Pings != 20 || r.Matched != 18 || r.Errors[0].What != "round trip P50" || r.Errors[0].Injected != 67 || r.Errors[0].Error != 13 || r.Hops[0].Lost != 1 || r.Hops[0].Packets != 20 || r.Imprecise {
		t.Errorf("%+v", r)
	}
}

func TestScenarios(t *testing.T) {
	for _, name := range Shipped() {
		s, err := LoadScenario(name)
		if err != nil {
			t.Error(err)
		}
		if s.About == "" || len(s.Sources) == 0 && name != "floor" {
			t.Errorf("%s: what is it, and where do its numbers come from?", name)
		}
		for _, source := range s.Sources {
			if !strings.HasPrefix(source.URL, "https://") || source.Says == "" {
				t.Errorf("%s: %+v", name, source)
			}
		}
	}
	const whole = `{about: x, paths: {runner-sfu: {both: %}, sfu-echo: {both: {}}}}`
	for way, want := range map[string]string{
		`{}`: "",
		`{delay: 5ms, loss: 0.5%, rate: 10Mbit/s, queue: 64KB, load: {rate: 12Mbit/s, on: 1s, off: 2s}}`: "",
		`{delay: 5}`:                       `"5" is not a duration, as 12ms`,
		`{delay: -5ms}`:                    "a delay of -5ms",
		`{dalay: 5ms}`:                     "dalay is no key here",
		`{loss: 0.5}`:                      `"0.5" is not a share`,
		`{loss: 101%}`:                     `"101%" is not a share`,
		`{loss: NaN%}`:                     `"NaN%" is not a share`,
		`{queue: 64KB}`:                    "need a rate",
		``:                                 "a way is empty",
		`{bursts: {loss: 30%, enter: 1%}}`: "bursts need loss, enter and leave",
		`{rate: 10}`:                       `"10" is not a rate`,
		`{jitter: {distribution: cauchy, mean: 1ms, deviation: 1ms}}`: `not "cauchy"`,
		`{jitter: {distribution: normal, mean: 1ms}}`:                 "a deviation above 0",
		`{load: {rate: 1Mbit/s, on: 1s, off: 1s}, rate: 2Mbit/s}`:     "a queue to fill",
	} {
		_, err := Parse("mine", []byte(strings.Replace(whole, "%", way, 1)))
		switch {
		case want == "" && err != nil:
			t.Errorf("%s: %v", way, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "mine") || strings.Contains(err.Error(), "\n")):
			t.Errorf("%s: %v, want %q", way, err, want)
		}
	}
	for text, want := range map[string]string{
		`{about: x}`: "paths",
		`{about: x, paths: {runner-sfu: {up: {}}, sfu-echo: {both: {}}}}`:                             "up and down, or both",
		`{about: x, paths: {runner-sfu: {both: {}, up: {}}, sfu-echo: {both: {}}}}`:                   "up and down, or both",
		`{about: x, paths: {runner-sfu: {both: {}}, sfu-echo: {both: {}}}, echo_clock: {skew: 200}}`:  "at most 100",
		`{about: x, paths: {runner-sfu: {both: {}}, sfu-echo: {both: {}}}, echo_clock: {skew: .nan}}`: "at most 100",
		`[`: "mine",
		`{about: x, wheels: 4, paths: {runner-sfu: {both: {}}, sfu-echo: {both: {}}}}`: "wheels is no key here",
	} {
		_, err := Parse("mine", []byte(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
		if err != nil && (strings.Contains(err.Error(), "struct") || strings.Contains(err.Error(), "\n")) {
			t.Errorf("%s: %v", text, err)
		}
	}
	if _, err := LoadScenario("atlantis"); err == nil || !strings.Contains(err.Error(), "transatlantic") {
		t.Errorf("an unknown scenario: %v", err)
	}
}

// The manual's example is one that works.
func TestTheManualsScenario(t *testing.T) {
	manual, err := os.ReadFile("../../docs/lab.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(manual), "```yaml\n")
	text, _, _ = strings.Cut(text, "```")
	s, err := Parse("mine", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if s.RunnerSFU.Up.Delay != 12*msec || s.RunnerSFU.Up.Bursts == nil || s.EchoClock.Skew != 40 || s.SFUEcho.Up != s.SFUEcho.Down {
		t.Errorf("%+v", s)
	}
}

// A ping that the program or the server held up is found too, and the interval of its way there is not held against what
// came after the echo: without the slow ones the instrument would look better than it is.
func TestInjectedFindsSlowPings(t *testing.T) {
	start := time.Unix(1700000000, 0)
	run := bench.Run{Start: start.Add(time.Second)}
	log := Log{Start: start}
	for i := range 20 {
		sent := time.Duration(i) * 100 * msec
		held := [5]time.Duration{msec, msec, msec, msec, msec} // in the runner, the server, the echo, the server, the runner
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
			r := Record{From: way[0], To: way[1], UDP: true, Size: 300, Arrived: at, Due: at + 5*msec, Left: at + 5*msec}
			log.Records, at = append(log.Records, r), r.Left
			if h == 1 {
				s.Up = at + 100*time.Microsecond - time.Second - sent
			}
		}
		s.RTT = at + held[4] - time.Second - sent
		s.Hold = held[2] - 200*time.Microsecond
		run.Samples = append(run.Samples, s)
	}
	slices.SortStableFunc(log.Records, func(a, b Record) int { return int(a.Arrived - b.Arrived) })
	for i, in := range Injected(log, run) {
		if want := i != 15; in.OK != want {
			t.Errorf("ping %d: matched %v", in.Seq, in.OK)
		}
		if in.OK && (in.Up != 10*msec || in.Down != 10*msec) {
			t.Errorf("ping %d: %+v", in.Seq, in)
		}
	}
	r := NewReport(Scenario{}, 1, log, run, nil)
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
	if c := NewReport(Scenario{}, 1, log, run, nil).Clocks; c.Held != 0 || c.Wrong != 19 {
		t.Errorf("clocks that are 10 ms apart, and said to be one: %+v", c)
	}
}

// Pings may follow each other more quickly than a slow one is waited for.
func TestInjectedTellsQuickPingsApart(t *testing.T) {
	start := time.Unix(1700000000, 0)
	run := bench.Run{Start: start, Plan: bench.Plan{Cooldown: 5 * msec}}
	log := Log{Start: start}
	for i := range 100 {
		sent := time.Duration(i) * run.Plan.Cooldown
		at := sent
		for _, way := range wayThere {
			at += msec
			r := Record{From: way[0], To: way[1], UDP: true, Size: 300, Arrived: at, Due: at + 40*msec, Left: at + 40*msec}
			log.Records, at = append(log.Records, r), r.Left
		}
		run.Samples = append(run.Samples, bench.Sample{Seq: uint32(i + 1), Outcome: bench.Answered, Sent: sent, RTT: at + msec - sent})
	}
	slices.SortStableFunc(log.Records, func(a, b Record) int { return int(a.Arrived - b.Arrived) })
	for _, in := range Injected(log, run) {
		if !in.OK || in.RTT() != 160*msec {
			t.Fatalf("%+v", in)
		}
	}
}

// A run whose router was late says so; a ping that met the network on one hop alone is neither of the floor nor beyond it; copies are no pings.
func TestWhatIsNotCounted(t *testing.T) {
	start := time.Unix(1700000000, 0)
	s := Scenario{Alternate: time.Second}
	run := bench.Run{Start: start, Clocks: bench.OneClock, Plan: bench.Plan{Cooldown: 50 * msec}}
	log := Log{Start: start}
	const late = 3 * msec
	for i := range 200 {
		sent := time.Duration(i) * 50 * msec
		at := sent
		for h, way := range wayThere {
			r := Record{From: way[0], To: way[1], UDP: true, Size: 300, Arrived: at, Due: at + 30*msec, Left: at + 30*msec + late}
			log.Records, at = append(log.Records, r), r.Left
			if h == 1 {
				r.Copy = true
				log.Records = append(log.Records, r)
			}
		}
		run.Samples = append(run.Samples, bench.Sample{Seq: uint32(i + 1), Outcome: bench.Answered, Sent: sent, RTT: at - sent, Stamped: true})
	}
	slices.SortStableFunc(log.Records, func(a, b Record) int { return int(a.Arrived - b.Arrived) })
	r := NewReport(s, 1, log, run, nil)
	if !r.Imprecise || r.Matched != 200 {
		t.Errorf("imprecise %v, %d matched", r.Imprecise, r.Matched)
	}
	// 99 ms lie between the first hop and the last: of 20 pings in a stretch the last one meets both.
	if b := r.Beyond; b == nil || b.There+b.Away != 190 {
		t.Errorf("%d beyond the floor, %d on it", b.There, b.Away)
	}
}

// A packet that passes at once does so no sooner than those before it.
func TestPassingKeepsTheOrder(t *testing.T) {
	l := newLine(Way{Delay: 40 * msec}, 1, 1)
	first, _ := l.carry(0, 300)
	second, _ := l.pass(msec, 300)
	third, _ := l.pass(2*msec, 300)
	if first[0] != 40*msec || second[0] != 40*msec || third[0] != 40*msec {
		t.Errorf("%v, %v, %v", first, second, third)
	}
}

// Without its network a scenario passes everything on at once, and lets nothing overtake what came before. What the instrument adds is
// then taken off as it was in the same seconds: here 5 ms for most of the time and 1 ms at the end.
func TestFloorOfTheSameSeconds(t *testing.T) {
	s := Scenario{RunnerSFU: Path{Up: Way{Delay: 40 * msec}, Down: Way{Delay: 30 * msec}}, Alternate: time.Second}
	x := newExchange(s, 1)
	pass := func(from, to Place, at time.Duration) time.Duration {
		carry := x.lines[from][to].carry
		if x.away(at) {
			carry = x.lines[from][to].pass
		}
		left, fate := carry(at, 300)
		if fate != Carried || len(left) != 1 {
			t.Fatalf("%v, %v", left, fate)
		}
		x.log = append(x.log, Record{From: from, To: to, UDP: true, Size: 300, Arrived: at, Due: left[0], Left: left[0]})
		return left[0]
	}
	start := time.Unix(1700000000, 0)
	run := bench.Run{Start: start, Clocks: bench.OneClock}
	for i := range 400 { // 20 s
		sent, own := time.Duration(i)*50*msec, 5*msec
		if i >= 280 {
			own = msec
		}
		at := pass(Runner, SFU, sent)
		at = pass(SFU, Echo, at)
		up := at - sent
		at = pass(Echo, SFU, at+own)
		at = pass(SFU, Runner, at)
		run.Samples = append(run.Samples, bench.Sample{Seq: uint32(i + 1), Outcome: bench.Answered, Sent: sent, RTT: at - sent, Up: up, Stamped: true})
	}
	slices.SortStableFunc(x.log, func(a, b Record) int { return int(a.Arrived - b.Arrived) })
	b := NewReport(s, 1, Log{Start: start, Records: x.log}, run, nil).Beyond
	if b == nil || b.There < 150 || b.Away < 150 || b.There+b.Away > 396 {
		t.Fatalf("%+v", b)
	}
	if e := b.Errors[0]; e.What != "round trip P50" || e.Injected != 70 || e.Error < -0.01 || e.Error > 0.01 {
		t.Errorf("the same 5 and 1 ms, with a network and without: %+v", e)
	}
	for _, r := range x.log {
		if s.away(r.Arrived) && r.Delay() > 0 && !(r.From == Runner && r.Arrived%time.Second < 40*msec || r.To == Runner && r.Arrived%time.Second < 80*msec) {
			t.Errorf("delayed by %v at %v, without a network", r.Delay(), r.Arrived)
		}
	}
}
