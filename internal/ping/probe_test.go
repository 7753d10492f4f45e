package ping_test

import (
	"context"
	"regexp"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/echo"
	"rtcbench/internal/loopback"
	"rtcbench/internal/ping"
	"rtcbench/internal/recorder"
)

const ms = time.Millisecond

// scene is one runner and one echo in a room of a loopback platform, in fake time.
type scene struct {
	loopback.Transport
	plan   bench.Plan
	echoes []string                                         // identities; nil = one, "echo"
	during func(cancel context.CancelFunc, s bench.Session) // runs beside the probe
	on     *machine                                         // nil = one that tells nothing
	answer benchtest.Script                                 // nil = as an echo of ours does
	wrap   func(bench.Session) bench.Session                // the runner's session; nil = as it is
	seen   []bench.Sample
	told   []time.Time // of each: when
}

func plan(count int) bench.Plan {
	return bench.Plan{
		Count: count, Cooldown: 100 * ms, Timeout: 500 * ms, Warmup: 5,
		EchoTimeout: 10 * time.Second, ReconnectTimeout: 10 * time.Second,
	}
}

// probe plays the scene. The warm-up is 1 + 5 pings when the first one is answered at once.
func (sc *scene) probe(t *testing.T) (run bench.Run, err error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		clock := bench.NewClock()
		if sc.echoes == nil {
			sc.echoes = []string{"echo"}
		}
		join := func(identity string) bench.Session {
			s, err := sc.Join(ctx, bench.Room{Name: "room"},
				bench.JoinOptions{Identity: identity, ReconnectTimeout: sc.plan.ReconnectTimeout})
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		answering, stop := context.WithCancel(context.Background())
		defer stop()
		defer sc.End("room") // whoever is still in it
		for _, id := range sc.echoes {
			s := join(id)
			defer s.Close()
			if sc.answer != nil {
				go benchtest.PlaySession(s, sc.answer)
				continue
			}
			go echo.Answer(answering, s, clock)
		}
		runner := join("runner")
		defer runner.Close()
		if sc.during != nil {
			go sc.during(cancel, runner)
		}
		if sc.wrap != nil {
			runner = sc.wrap(runner)
		}
		// the real one may be busy
		prober := ping.Prober{Session: runner, Clock: clock, Machine: recorder.Machine{Proc: fstest.MapFS{}}}
		if sc.on != nil {
			prober.Machine = recorder.Machine{Proc: sc.on, Wall: sc.on.wall}
		}
		run, err = prober.Probe(ctx, sc.plan, func(s bench.Sample) {
			sc.seen, sc.told = append(sc.seen, s), append(sc.told, time.Now())
		})
	})
	return run, err
}

func outcomes(r bench.Run) (list []string) {
	for _, s := range r.Samples {
		o := s.Outcome.String()
		if s.Outcome == bench.NotSent {
			o += ": " + s.Reason.String()
		}
		list = append(list, o)
	}
	return list
}

func wantCounts(t *testing.T, r bench.Run, want bench.Counts) {
	t.Helper()
	if r.Counts != want {
		t.Errorf("counts:\n got %+v\nwant %+v\nsamples: %v", r.Counts, want, outcomes(r))
	}
}

func TestProbeKeepsTheGridAndMeasuresExactly(t *testing.T) {
	sc := scene{plan: plan(10)}
	sc.Paths = map[string]loopback.Path{"runner": loopback.Constant(30 * ms), "echo": loopback.Constant(12 * ms)}
	run, err := sc.probe(t)
	if err != nil || run.Ended != bench.Complete {
		t.Fatalf("ended %q, %v", run.Ended, err)
	}
	wantCounts(t, run, bench.Counts{Sent: 10, Answered: 10, WarmupSent: 6})
	for i, s := range run.Samples {
		if s.Seq != uint32(i+1) || s.Due != time.Duration(i)*100*ms || s.Sent != s.Due || s.RTT != 42*ms || !s.Stamped {
			t.Errorf("sample %d: %+v", i, s)
		}
	}
	if d := run.End.Sub(run.Start); d != 942*ms {
		t.Errorf("run took %v, want 942ms", d)
	}
	if run.Echo.FirstPong != 42*ms || run.Echo.Identity != "echo" || run.Echo.Kind != "rtcbench" {
		t.Errorf("echo: %+v", run.Echo)
	}
	if len(sc.seen) != 10 {
		t.Errorf("on was called %d times, want 10", len(sc.seen))
	}
	run.Clocks = bench.OneClock
	one := bench.Summarise(run).OneWay
	if up := one.Up.P50.D.Round(time.Microsecond); up != 30*ms {
		t.Errorf("one clock: up %v, want 30ms", up)
	}
	if down := one.Down.P50.D.Round(time.Microsecond); down != 12*ms {
		t.Errorf("one clock: down %v, want 12ms", down)
	}
	run.Clocks = bench.UnknownOffsets
	one = bench.Summarise(run).OneWay
	// Half of 42 ms, what a millionth of a stamp loses, and what 500 ppm of drift may hide in 21 ms: the interval is as
	// wide as at its ends.
	if got := one.Offset.HalfWidth().Round(time.Microsecond); got < 21*ms || got > 21*ms+500*time.Microsecond {
		t.Errorf("unknown clocks: half width %v, want a little over 21ms", got)
	}
}

// fates gives the messages of a path their delays by number; the first six are the warm-up's.
func fates(m map[int][]time.Duration, otherwise time.Duration) loopback.Path {
	return func(n int) []time.Duration {
		if f, ok := m[n-6]; ok {
			return f
		}
		return []time.Duration{otherwise}
	}
}

func TestProbeTellsLossLateAndDuplicateApart(t *testing.T) {
	sc := scene{plan: plan(6)}
	sc.plan.Class = bench.DataChannelLossy
	sc.Paths = map[string]loopback.Path{"runner": fates(map[int][]time.Duration{
		1: nil,              // lost
		2: {700 * ms},       // late: 700 + 1
		3: {1 * ms, 2 * ms}, // both are answered
		4: {250 * ms},       // answered after the next one
		5: {499 * ms},       // just in time: 500 = the timeout
	}, 1*ms), "echo": loopback.Constant(1 * ms)}
	run, err := sc.probe(t)
	if err != nil {
		t.Fatal(err)
	}
	wantCounts(t, run, bench.Counts{Sent: 6, Answered: 4, Lost: 1, Late: 1, Duplicate: 1, WarmupSent: 6,
		ControlSent: 1})
	want := []time.Duration{2 * ms, 0, 701 * ms, 2 * ms, 251 * ms, 500 * ms}
	for i, s := range run.Samples {
		if s.RTT != want[i] {
			t.Errorf("ping %d: %v after %v, want %v", s.Seq, s.Outcome, s.RTT, want[i])
		}
	}
	sum := bench.Summarise(run)
	if sum.Loss != 2.0/6 || sum.LongestRun != 2 || len(sum.LateRTTs) != 1 || sum.LateRTTs[0] != 701*ms {
		t.Errorf("loss %v, longest run %d, late %v", sum.Loss, sum.LongestRun, sum.LateRTTs)
	}
	// |Δ| in sending order: 2, 2, 251, 500; only 4→5→6 follow on one another.
	if sum.Jitter.D != (0+249*ms+249*ms)/3 || sum.IPDV.P50.D != 249*ms {
		t.Errorf("jitter %v, ipdv %v", sum.Jitter.D, sum.IPDV.P50.D)
	}
}

// TestALossIsToldAtItsTime: when its timeout is over, also where the next ping is far away.
func TestALossIsToldAtItsTime(t *testing.T) {
	for _, blocked := range []time.Duration{0, 300 * ms, 800 * ms} { // of its send call
		sc := scene{plan: plan(3), Transport: loopback.Transport{Paths: map[string]loopback.Path{
			"runner": fates(map[int][]time.Duration{1: nil}, ms)}}} // one warm-up ping less than elsewhere
		sc.plan.Cooldown = 10 * time.Second
		sc.wrap = func(s bench.Session) bench.Session { return &slow{Session: s, nth: 6 + 2, by: blocked} }
		run, err := sc.probe(t)
		if err != nil || len(sc.told) != 3 || sc.seen[1].Outcome != bench.Lost {
			t.Fatalf("%v, %v", err, outcomes(run))
		}
		after := sc.told[1].Sub(sc.told[0]) - sc.plan.Cooldown
		if want := max(sc.plan.Timeout, blocked); after < want-5*ms || after > want+5*ms {
			t.Errorf("blocked for %v: told %v after it was due, want %v", blocked, after, want)
		}
	}
}

// slow is a session of which one send call takes its time.
type slow struct {
	bench.Session
	n, nth int
	by     time.Duration
}

func (s *slow) Send(ctx context.Context, m bench.Message) error {
	if s.n++; s.n == s.nth && s.by > 0 {
		time.Sleep(s.by)
	}
	return s.Session.Send(ctx, m)
}

func TestProbeClosedLoop(t *testing.T) {
	sc := scene{plan: plan(4)}
	sc.plan.Cooldown = 0
	sc.Paths = map[string]loopback.Path{"echo": fates(map[int][]time.Duration{2: nil}, 30*ms)}
	sc.plan.Class = bench.DataChannelLossy
	run, err := sc.probe(t)
	if err != nil {
		t.Fatal(err)
	}
	wantCounts(t, run, bench.Counts{Sent: 4, Answered: 3, Lost: 1, WarmupSent: 6})
	due := []time.Duration{0, 30 * ms, 60 * ms, 562 * ms} // 500 of timeout, 2 of grace
	for i, s := range run.Samples {
		if s.Due != due[i] || s.Sent != due[i] {
			t.Errorf("ping %d left at %v, want %v", s.Seq, s.Sent, due[i])
		}
	}
	if run.Start.After(run.End) || bench.Summarise(run).TimerError.P50.OK {
		t.Error("a closed loop has no timer error")
	}
}

func TestProbeTellsEchoesApart(t *testing.T) {
	sc := scene{plan: plan(5), echoes: []string{"echo-a", "echo-b"}}
	sc.Paths = map[string]loopback.Path{"echo-b": loopback.Constant(5 * ms)}
	run, err := sc.probe(t)
	if err != nil {
		t.Fatal(err)
	}
	// 6 + 5 pongs of the other echo, but for the last: the run ends before it.
	if run.Echo.Identity != "echo-a" || run.Counts.Answered != 5 || run.Counts.Foreign != 10 ||
		run.Counts.Duplicate != 0 {
		t.Errorf("echo %+v, %+v", run.Echo, run.Counts)
	}
	if d := bench.Summarise(run).Doubts; len(d) == 0 || d[0].Code != "many-echoes" {
		t.Errorf("doubts: %v", d)
	}
}

// TestProbeLeavesAStuckListenerBehind: a terminal that takes nothing more must not cost the run.
func TestProbeLeavesAStuckListenerBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var platform loopback.Transport
		clock := bench.NewClock()
		room := bench.Room{Name: "room"}
		e, _ := platform.Join(t.Context(), room, bench.JoinOptions{Identity: "echo"})
		runner, _ := platform.Join(t.Context(), room, bench.JoinOptions{Identity: "runner"})
		defer runner.Close()
		defer e.Close()
		go echo.Answer(t.Context(), e, clock)
		stuck, calls := make(chan struct{}), 0
		begin := time.Now()
		run, err := ping.NewProber(runner, clock).Probe(t.Context(), plan(5), func(bench.Sample) { calls++; <-stuck })
		if err != nil || run.Counts.Answered != 5 || time.Since(begin) > 3*time.Second {
			t.Errorf("%v, %+v after %v", err, run.Counts, time.Since(begin))
		}
		close(stuck)
		synctest.Wait()
		if calls != 1 {
			t.Errorf("on was called %d times, also after the end", calls)
		}
	})
}

// TestProbeInterruptedAtASlot: the ping of a slot that nobody began to send is not there.
func TestProbeInterruptedAtASlot(t *testing.T) {
	for range 50 {
		sc := scene{plan: plan(100)}
		sc.during = func(cancel context.CancelFunc, _ bench.Session) {
			time.Sleep(500*ms + 900*ms) // exactly when ping 10 is due
			cancel()
		}
		run, _ := sc.probe(t)
		for _, s := range run.Samples {
			if s.Sent < s.Due {
				t.Fatalf("sent before it was due: %+v", s)
			}
		}
	}
}

var stamp = regexp.MustCompile(`"timestamp":([0-9.]+),"seq":([0-9]+)`)
