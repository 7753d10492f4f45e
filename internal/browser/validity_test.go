package browser_test

import (
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/browser"
	"rtcbench/internal/platform/daily/standin"
	"rtcbench/internal/sandbox/sandboxtest"
)

// disturbed is a run with something done to it in its middle.
func disturbed(t *testing.T, p *browser.Page, disturb func()) bench.Run {
	t.Helper()
	return benchtest.Disturbed(t, p, bench.Plan{
		Count: 100_000, Cooldown: 20 * time.Millisecond, Timeout: time.Second, Warmup: 3, EchoTimeout: patience,
		ReconnectTimeout: patience,
	}, disturb)
}

// TestPageInTheBackground: a page that is hidden or frozen for a part of the run makes it invalid, though it is seen
// again at the end.
func TestPageInTheBackground(t *testing.T) {
	benchtest.Beside(t, benchtest.WithBrowser)
	server := sandboxtest.Start(t)
	b := start(t)
	echo := join(t, b, server, "echo", "")
	if err := echo.Echo(t.Context()); err != nil {
		t.Fatal(err)
	}
	runner := join(t, b, server, "runner", "")
	for _, c := range []struct {
		name    string
		disturb func() error
		want    bool
	}{
		{"in front", func() error { return nil }, false},
		{"hidden", func() error {
			_, err := runner.Evaluate(t.Context(), `(() => {
				const tell = (state) => {
					Object.defineProperty(document, 'visibilityState', { value: state, configurable: true });
					document.dispatchEvent(new Event('visibilitychange'));
				};
				tell('hidden'); tell('visible');
				return '';
			})()`)
			return err
		}, true},
		{"in front again", func() error { return nil }, false},
		{"frozen", func() error {
			for _, state := range []string{"frozen", "active"} {
				if err := runner.Command(t.Context(), "Page.setWebLifecycleState",
					map[string]string{"state": state}); err != nil {
					return err
				}
			}
			return nil
		}, true},
	} {
		run := disturbed(t, runner, func() {
			if err := c.disturb(); err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
		})
		if v := bench.Summarise(run).Validity; run.Facts.Hidden != c.want || v.Has("page-hidden") != c.want || c.want &&
			v.Verdict != bench.Invalid {
			t.Errorf("%s: hidden %v, %s %+v", c.name, run.Facts.Hidden, v.Verdict, v.Grounds)
		}
		if !run.Machine.ClockStep.OK || run.Machine.Waited.OK {
			t.Errorf("%s: %+v", c.name, run.Machine)
		}
	}
}

// TestDailyMovesTheCall to another SFU: it is another path from then on.
func TestDailyMovesTheCall(t *testing.T) {
	benchtest.Beside(t, benchtest.WithBrowser)
	cloud, err := standin.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cloud.Close() })
	b := start(t)
	p := onDaily(t, b, cloud, "moving", func(_ int, t1 string) []benchtest.Reply {
		return []benchtest.Reply{benchtest.Pong(t1, 0)}
	})
	for _, moved := range []bool{false, true} {
		run := disturbed(t, p, func() {
			if moved {
				cloud.Move("moving", "another-sfu")
			}
		})
		v := bench.Summarise(run).Validity
		if v.Has("topology-changed") != moved || moved && v.Verdict != bench.Invalid {
			t.Errorf("moved %v: %s %+v, changes %+v", moved, v.Verdict, v.Grounds, run.Facts.Changes)
		}
	}
}

// TestAnotherServerInChromium: livekit-client comes back to another server on the same address, and the run says so.
func TestAnotherServerInChromium(t *testing.T) {
	benchtest.Beside(t, benchtest.WithBrowser)
	server := sandboxtest.Start(t)
	b := start(t)
	echo := join(t, b, server, "echo", "")
	if err := echo.Echo(t.Context()); err != nil {
		t.Fatal(err)
	}
	run := disturbed(t, join(t, b, server, "runner", ""), func() {
		server.Kill()
		server.Restart(t)
	})
	v := bench.Summarise(run).Validity
	if v.Verdict != bench.Invalid || !v.Has("region-changed") || len(run.Facts.Changes) != 1 ||
		run.Facts.Changes[0].What != "node" {
		t.Errorf("%s %+v, changes %+v", v.Verdict, v.Grounds, run.Facts.Changes)
	}
}
