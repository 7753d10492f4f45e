package ping_test

import (
	"context"
	"fmt"
	"io/fs"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/loopback"
)

// judged wants r to have a verdict, and want to be among its grounds with that verdict; no ground, when want is "".
func judged(t *testing.T, r bench.Run, verdict bench.Verdict, want string) {
	t.Helper()
	if want != "gc-pause" {
		r.Pauses = bench.Pauses{} // they are real, also where time is not
	}
	s := bench.Summarise(r)
	v := s.Validity
	i := slices.IndexFunc(v.Grounds, func(g bench.Ground) bool { return g.Code == want && g.Verdict == verdict })
	switch {
	case v.Verdict != verdict, want == "" && len(v.Grounds) > 0, want != "" && i < 0:
		t.Errorf("%s %+v, want %s for %q", v.Verdict, v.Grounds, verdict, want)
	case want != "":
		if g := v.Grounds[i]; !slices.Contains(s.Doubts, bench.Doubt{Code: g.Code, Text: g.Text}) {
			t.Errorf("%q is not among the doubts %+v", g.Text, s.Doubts)
		}
	}
}

// quiet is a scene of 40 ms round trips on a machine where nothing happens.
func quiet(count int) *scene {
	sc := &scene{plan: plan(count), on: &machine{proc: fstest.MapFS{}}}
	sc.Paths = map[string]loopback.Path{"runner": loopback.Constant(20 * ms), "echo": loopback.Constant(20 * ms)}
	sc.on.cpu(1000, 0)
	sc.on.thread(1, time.Minute)
	return sc
}

// machine is a Linux of the test's.
type machine struct {
	mu   sync.Mutex
	proc fstest.MapFS
	step time.Duration // of its wall clock
}

func (m *machine) wall() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return time.Now().Add(m.step)
}

func (m *machine) Open(name string) (fs.File, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.proc.Open(name)
}

// cpu says how its processors have spent their ticks.
func (m *machine) cpu(user, stolen int) {
	m.proc["stat"] = &fstest.MapFile{
		Data: fmt.Appendf(nil, "cpu  %d 0 0 5000 0 0 0 %d %d 0\ncpu0 1 0 0 0 0 0 0 0 0 0\n", user, stolen, user)}
}

// thread says how long a thread of this process has waited.
func (m *machine) thread(id int, waited time.Duration) {
	m.proc[fmt.Sprintf("self/task/%d/schedstat", id)] = &fstest.MapFile{
		Data: fmt.Appendf(nil, "123456 %d 78\n", waited)}
}

func TestAQuietRunIsValid(t *testing.T) {
	sc := quiet(50)
	run, err := sc.probe(t)
	if err != nil {
		t.Fatal(err)
	}
	judged(t, run, bench.Valid, "")
	if m := run.Machine; m.Steal.OK || !m.Waited.OK || m.Waited.Ratio != 0 ||
		m.ClockStep != (bench.Quantity{OK: true}) {
		t.Errorf("%+v: a run in which no processor time passed says nothing of steal, and all of the rest", m)
	}
}

// TestMissedSlots: a send call that blocks costs the slots that are due meanwhile.
func TestMissedSlots(t *testing.T) {
	for missed, want := range map[int]bench.Verdict{1: bench.Valid, 2: bench.Doubtful, 15: bench.Invalid} {
		sc := quiet(100)
		sc.Stall = func(id string, n int) time.Duration {
			if id != "runner" || n != 50 {
				return 0
			}
			return time.Duration(missed+1) * 100 * ms
		}
		run, err := sc.probe(t)
		if err != nil || run.Counts.NotSent != missed {
			t.Fatalf("%d slots missed, want %d; %v", run.Counts.NotSent, missed, err)
		}
		code := "not-sent"
		if want == bench.Valid {
			code = ""
		}
		judged(t, run, want, code)
		if !doubted(run, "not-sent") {
			t.Error("one missed slot is no doubt any more")
		}
	}
}

// TestLatePings: send calls that come back when the next ping is due already make it leave late.
func TestLatePings(t *testing.T) {
	for late, want := range map[time.Duration]bench.Verdict{4 * ms: bench.Valid, 6 * ms: bench.Doubtful,
		60 * ms: bench.Invalid} {
		sc := quiet(100)
		sc.Stall = func(id string, n int) time.Duration {
			if id != "runner" || n < 6 || n%2 != 0 {
				return 0
			}
			return 100*ms + late
		}
		run, err := sc.probe(t)
		if err != nil || run.Counts.NotSent != 0 {
			t.Fatalf("%+v, %v", run.Counts, err)
		}
		code := "timer"
		if want == bench.Valid {
			code = ""
		}
		judged(t, run, want, code)
	}
}

func TestMachineUnderTheRun(t *testing.T) {
	for _, c := range []struct {
		name   string
		during func(*machine)
		want   bench.Verdict
		code   string
	}{
		{"2 % stolen", func(m *machine) { m.cpu(1980, 20) }, bench.Valid, ""},
		{"3 % stolen", func(m *machine) { m.cpu(1970, 30) }, bench.Doubtful, "cpu-steal"},
		{"11 % stolen", func(m *machine) { m.cpu(1890, 110) }, bench.Invalid, "cpu-steal"},
		{"one of few ticks stolen", func(m *machine) { m.cpu(1048, 1) }, bench.Valid, ""},
		{"two threads waited for 0.4 of 5.5 s", func(m *machine) {
			m.thread(1, time.Minute+200*ms)
			m.thread(2, 200*ms)
		}, bench.Valid, ""},
		{"two threads waited for 1 of 5.5 s", func(m *machine) {
			m.thread(1, time.Minute+500*ms)
			m.thread(2, 500*ms)
		}, bench.Doubtful, "cpu-wait"},
		{"a thread ended", func(m *machine) { delete(m.proc, "self/task/1/schedstat") }, bench.Valid, ""},
		{"no such files any more", func(m *machine) { clear(m.proc) }, bench.Valid, ""},
		{"the wall clock went 40 ms ahead", func(m *machine) { m.step = 40 * ms }, bench.Valid, ""},
		{"the wall clock went a second ahead", func(m *machine) { m.step = time.Second }, bench.Doubtful, "clock-step"},
		{"the wall clock went an hour back", func(m *machine) { m.step = -time.Hour }, bench.Doubtful, "clock-step"},
	} {
		t.Run(c.name, func(t *testing.T) {
			sc := quiet(50)
			sc.during = func(context.CancelFunc, bench.Session) {
				time.Sleep(2 * time.Second)
				sc.on.mu.Lock()
				defer sc.on.mu.Unlock()
				c.during(sc.on)
			}
			run, err := sc.probe(t)
			if err != nil {
				t.Fatal(err)
			}
			judged(t, run, c.want, c.code)
		})
	}
}

// TestSlewedClockIsNotStepped: what NTP may do in an hour is more than the limit of a step.
func TestSlewedClockIsNotStepped(t *testing.T) {
	r := bench.Run{Plan: plan(1), Samples: []bench.Sample{{Seq: 1, Outcome: bench.Answered, RTT: 10 * ms}},
		Counts: bench.Counts{Sent: 1, Answered: 1}}
	r.Start, r.End = time.Unix(1000, 0), time.Unix(4600, 0)
	r.Machine.ClockStep = bench.Quantity{D: -1800 * ms, OK: true}
	judged(t, r, bench.Valid, "")
	r.Machine.ClockStep.D -= 51 * ms
	judged(t, r, bench.Doubtful, "clock-step")
}

// TestEchoHolds: an echo that is slow for all pings a little, or for a few by more than the way is long.
func TestEchoHolds(t *testing.T) {
	for _, c := range []struct {
		hold  time.Duration
		every int
		want  bench.Verdict
	}{{4 * ms, 1, bench.Valid}, {5 * ms, 1, bench.Doubtful}, {30 * ms, 50, bench.Doubtful},
		{50 * ms, 50, bench.Invalid}} {
		sc := quiet(100)
		sc.answer = func(seq int, t1 string) []benchtest.Reply {
			hold := time.Duration(0)
			if seq%c.every == 0 {
				hold = c.hold
			}
			return []benchtest.Reply{
				{After: hold,
					Payload: fmt.Appendf(nil,
						`{"type":"pong","client_timestamp":%s,"server_receive_time":1000,"server_send_time":%f}`, t1,
						1000+float64(hold)/float64(ms))}}
		}
		run, err := sc.probe(t)
		if err != nil || run.Counts.Answered != 100 {
			t.Fatalf("%+v, %v", run.Counts, err)
		}
		code := "echo-hold"
		if c.want == bench.Valid {
			code = ""
		}
		judged(t, run, c.want, code)
	}
}

// TestGarbageCollectorStopsTheRun: its pauses are real ones here, and the round trips a microsecond of fake time.
func TestGarbageCollectorStopsTheRun(t *testing.T) {
	sc := quiet(20)
	sc.Paths = map[string]loopback.Path{"runner": loopback.Constant(time.Microsecond), "echo": loopback.Constant(0)}
	sc.during = func(context.CancelFunc, bench.Session) { time.Sleep(time.Second); runtime.GC() }
	run, err := sc.probe(t)
	if err != nil {
		t.Fatal(err)
	}
	judged(t, run, bench.Doubtful, "gc-pause")
	if g := bench.Summarise(run).Validity.Grounds; len(g) != 1 || g[0].Value < 10 ||
		!strings.Contains(g[0].Text, run.Pauses.Max.Round(10*time.Microsecond).String()) {
		t.Errorf("%+v of %v", g, run.Pauses)
	}
	run.Doubts = append(run.Doubts, bench.Doubt{Code: bench.SandboxDoubt, Text: "x"})
	judged(t, run, bench.Valid, "") // of a run inside this process it is no share of a network
}

// moving is a session whose facts change while it is used.
type moving struct {
	bench.Session
	facts func(*bench.Facts)
}

func (m moving) Facts() bench.Facts {
	f := m.Session.Facts()
	m.facts(&f)
	return f
}

func TestTheWayChanges(t *testing.T) {
	pair := func(leg bench.Leg, at time.Time) bench.ICEPair { return bench.ICEPair{Leg: leg, At: at} }
	for _, c := range []struct {
		name  string
		facts func(f *bench.Facts, begin time.Time)
		code  string // "" = valid
	}{
		{"two pairs of one leg before the run", func(f *bench.Facts, begin time.Time) {
			f.ICE = []bench.ICEPair{pair(bench.Only, begin), pair(bench.Only, begin.Add(100*ms))}
		}, ""},
		{"a pair of each leg, one during the run", func(f *bench.Facts, begin time.Time) {
			f.ICE = []bench.ICEPair{pair(bench.Publisher, begin), pair(bench.Subscriber, begin.Add(2*time.Second))}
		}, ""},
		{"a second pair of a leg during the run", func(f *bench.Facts, begin time.Time) {
			f.ICE = []bench.ICEPair{pair(bench.Only, begin), pair(bench.Only, begin.Add(2*time.Second))}
		}, "ice-changed"},
		{"another SFU before the run", func(f *bench.Facts, begin time.Time) {
			f.SFU = "a"
			f.Became("sfu", &f.SFU, "b", begin.Add(100*ms))
		}, ""},
		{"another SFU during the run", func(f *bench.Facts, begin time.Time) {
			f.SFU = "a"
			f.Became("sfu", &f.SFU, "b", begin.Add(2*time.Second))
		}, "topology-changed"},
		{"from peer to peer to an SFU", func(f *bench.Facts, begin time.Time) {
			f.Topology = "peer"
			f.Became("topology", &f.Topology, "sfu", begin.Add(2*time.Second))
		}, "topology-changed"},
		{"the region becomes known", func(f *bench.Facts, begin time.Time) {
			f.Became("region", &f.Server.Region, "fra", begin.Add(2*time.Second))
			f.Became("region", &f.Server.Region, "fra", begin.Add(3*time.Second))
			f.Became("region", &f.Server.Region, "", begin.Add(4*time.Second))
		}, ""},
		{"another region", func(f *bench.Facts, begin time.Time) {
			f.Server.Region = "fra"
			f.Became("region", &f.Server.Region, "iad", begin.Add(2*time.Second))
		}, "region-changed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			sc := quiet(50)
			sc.wrap = func(s bench.Session) bench.Session {
				begin := time.Now()
				return moving{s, func(f *bench.Facts) { c.facts(f, begin) }}
			}
			run, err := sc.probe(t)
			if err != nil {
				t.Fatal(err)
			}
			if c.code == "" {
				judged(t, run, bench.Valid, "")
			} else {
				judged(t, run, bench.Invalid, c.code)
			}
		})
	}
}

func doubted(r bench.Run, code string) bool {
	return slices.ContainsFunc(bench.Summarise(r).Doubts, func(d bench.Doubt) bool { return d.Code == code })
}
