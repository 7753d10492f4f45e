package ping_test

import (
	"testing"
	"testing/synctest"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/echo"
	"rtcbench/internal/loopback"
	"rtcbench/internal/ping"
)

// clocked runs ten pings over a path of 30 ms there and 10 ms back, by these clocks.
func clocked(t *testing.T, runner, answerer func() bench.Clock) (run bench.Run) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		tr := &loopback.Transport{Paths: map[string]loopback.Path{"runner": loopback.Constant(30 * ms),
			"echo": loopback.Constant(10 * ms)}}
		seat := func(identity string) bench.Session {
			s, err := tr.Join(t.Context(), bench.Room{Name: "r"}, bench.JoinOptions{Identity: identity})
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		e, r := seat("echo"), seat("runner")
		defer e.Close()
		defer r.Close()
		go echo.Answer(t.Context(), e, answerer())
		var err error
		if run, err = ping.NewProber(r, runner()).Probe(t.Context(), plan(10), nil); err != nil {
			t.Fatal(err)
		}
	})
	return run
}

func claiming(most time.Duration) func() bench.Clock {
	return func() bench.Clock {
		return bench.NewClock().Claiming(func() (time.Duration, bool) { return most, true })
	}
}

// Clocks that know their own error tell more than the pings could.
func TestClocksThatKnowTheirErrorNarrowOneWayTimes(t *testing.T) {
	known := bench.Summarise(clocked(t, claiming(300*time.Microsecond), claiming(700*time.Microsecond)))
	o := known.OneWay
	if o.Offset.HalfWidth() > 7*ms || (o.Up.P50.D-30*ms).Abs() > o.Offset.HalfWidth() || o.Disbelieved {
		t.Errorf("up %v ± %v, and the clocks are within 3 ms", o.Up.P50.D, o.Offset.HalfWidth())
	}
	alone := clocked(t, claiming(300*time.Microsecond), bench.NewClock)
	if s := bench.Summarise(alone); alone.ClockErrors.Echo.OK || !alone.ClockErrors.Runner.OK ||
		s.OneWay.Offset.HalfWidth() < 20*ms {
		t.Errorf("one of them does not know: %+v, ± %v", alone.ClockErrors, s.OneWay.Offset.HalfWidth())
	}
}

func TestClocksThatAreNotAsTheySayAreNotBelieved(t *testing.T) {
	run := clocked(t, claiming(ms), func() bench.Clock {
		return bench.NewClock().Wrong(time.Second, 0).Claiming(func() (time.Duration, bool) { return ms, true })
	})
	if run.ClockErrors.Echo.OK || run.Echo.Kind != bench.WrongClock {
		t.Errorf("a clock that is wrong on purpose claims %v", run.ClockErrors.Echo)
	}
	run.ClockErrors.Echo = bench.Quantity{D: ms, OK: true}
	s := bench.Summarise(run)
	if !s.OneWay.Disbelieved || !s.OneWay.Known || !doubted(run, "clock-error") {
		t.Errorf("clocks a second apart, each right within 1 ms: %+v", s.OneWay)
	}
}

func TestAClockSaysWhatItKnows(t *testing.T) {
	c := bench.NewClock()
	if c.Error().OK {
		t.Error("nobody knows, and yet")
	}
	if e := claiming(ms)().Error(); !e.OK || e.D < ms || e.D > 5*ms {
		t.Errorf("a clock within 1 ms: %v", e)
	}
	if most, known := bench.KernelClockError(); known && most <= 0 {
		t.Errorf("the kernel says %v", most)
	}
}
