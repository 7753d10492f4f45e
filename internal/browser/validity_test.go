package browser_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/browser"
	"rtcbench/internal/platform/daily/standin"
	"rtcbench/internal/sandbox/sandboxtest"
)

// disturbed carries out a plan of two seconds, and does something to it in its first half.
func disturbed(t *testing.T, p *browser.Page, disturb func(context.Context)) bench.Run {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	type outcome struct {
		bench.Run
		error
	}
	begun, over := make(chan struct{}), make(chan outcome, 1)
	once := sync.OnceFunc(func() { close(begun) })
	go func() {
		run, err := p.Probe(ctx, bench.Plan{
			Count: 100, Cooldown: 20 * time.Millisecond, Timeout: 2 * time.Second, Warmup: 3, EchoTimeout: 10 * time.Second, ReconnectTimeout: 10 * time.Second,
		}, func(s bench.Sample) {
			if s.Seq >= 10 {
				once()
			}
		})
		once()
		over <- outcome{run, err}
	}()
	<-begun
	disturb(ctx)
	o := <-over
	if o.error != nil {
		t.Fatal(o.error)
	}
	return o.Run
}

// TestPageInTheBackground: a page that is hidden or frozen for a part of the run makes it invalid, though it is seen again at the end.
func TestPageInTheBackground(t *testing.T) {
	server := sandboxtest.Start(t)
	b := start(t)
	echo := join(t, b, server, "echo", false)
	if err := echo.Echo(t.Context()); err != nil {
		t.Fatal(err)
	}
	runner := join(t, b, server, "runner", false)
	for _, c := range []struct {
		name    string
		disturb func(context.Context) error
		want    bool
	}{
		{"in front", func(context.Context) error { return nil }, false},
		{"hidden", func(ctx context.Context) error {
			_, err := runner.Evaluate(ctx, `(() => {
				const tell = (state) => { Object.defineProperty(document, 'visibilityState', { value: state, configurable: true }); document.dispatchEvent(new Event('visibilitychange')); };
				tell('hidden'); tell('visible');
				return '';
			})()`)
			return err
		}, true},
		{"in front again", func(context.Context) error { return nil }, false},
		{"frozen", func(ctx context.Context) error {
			for _, state := range []string{"frozen", "active"} {
				if err := runner.Command(ctx, "Page.setWebLifecycleState", map[string]string{"state": state}); err != nil {
					return err
				}
			}
			return nil
		}, true},
	} {
		run := disturbed(t, runner, func(ctx context.Context) {
			if err := c.disturb(ctx); err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
		})
		if v := bench.Summarise(run).Validity; run.Facts.Hidden != c.want || v.Has("page-hidden") != c.want || c.want && v.Verdict != bench.Invalid {
			t.Errorf("%s: hidden %v, %s %+v", c.name, run.Facts.Hidden, v.Verdict, v.Grounds)
		}
		if !run.Machine.ClockStep.OK || run.Machine.Waited.OK {
			t.Errorf("%s: %+v", c.name, run.Machine)
		}
	}
}

// TestDailyMovesTheCall to another SFU: it is another path from then on.
func TestDailyMovesTheCall(t *testing.T) {
	cloud, err := standin.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cloud.Close() })
	b := start(t)
	p := onDaily(t, b, cloud, "moving", func(_ int, t1 string) []benchtest.Reply { return []benchtest.Reply{benchtest.Pong(t1, 0)} })
	for _, moved := range []bool{false, true} {
		run := disturbed(t, p, func(context.Context) {
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
	server := sandboxtest.Start(t)
	b := start(t)
	echo := join(t, b, server, "echo", false)
	if err := echo.Echo(t.Context()); err != nil {
		t.Fatal(err)
	}
	run := disturbed(t, join(t, b, server, "runner", false), func(context.Context) {
		server.Kill()
		server.Restart(t)
	})
	v := bench.Summarise(run).Validity
	if v.Verdict != bench.Invalid || !v.Has("region-changed") || len(run.Facts.Changes) != 1 || run.Facts.Changes[0].What != "node" {
		t.Errorf("%s %+v, changes %+v", v.Verdict, v.Grounds, run.Facts.Changes)
	}
}
