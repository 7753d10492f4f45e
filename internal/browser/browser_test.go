package browser_test

import (
	"context"
	"os"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/browser"
	"rtcbench/internal/platform/livekit"
	"rtcbench/internal/sandbox/sandboxtest"
)

func TestMain(m *testing.M) {
	sandboxtest.Main()
	os.Exit(m.Run())
}

// closedNetwork keeps Chromium from looking for anything but this machine.
const closedNetwork = "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"

func start(t *testing.T) *browser.Browser {
	t.Helper()
	t.Setenv("TMPDIR", t.TempDir())
	b, err := browser.Start(t.Context(), browser.Options{ResolverRules: closedNetwork})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

func join(t *testing.T, b *browser.Browser, server *sandboxtest.Server, identity string, lossy bool) *browser.Page {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	p, err := b.Open(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	token, err := livekit.Key{Key: server.Key, Secret: server.Secret}.Mint("browser", identity, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Join(ctx, browser.JoinConfig{Platform: "livekit", URL: server.URL, Token: token, Lossy: lossy}); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestLiveKitInChromium(t *testing.T) {
	server := sandboxtest.Start(t)
	b := start(t)
	for _, lossy := range []bool{false, true} {
		echo := join(t, b, server, "echo", lossy)
		if err := echo.Echo(t.Context()); err != nil {
			t.Fatal(err)
		}
		runner := join(t, b, server, "runner", lossy)
		seen := 0
		run, err := runner.Probe(t.Context(), bench.Plan{
			Count: 50, Cooldown: 20 * time.Millisecond, Timeout: 2 * time.Second, Warmup: 3,
			EchoTimeout: 10 * time.Second, ReconnectTimeout: 10 * time.Second, Lossy: lossy,
		}, func(bench.Sample) { seen++ })
		if err != nil {
			t.Fatal(err)
		}
		if c := run.Counts; c.Answered != 50 || c.Sent != 50 || c.WarmupSent < 4 || seen != 50 || run.Ended != bench.Complete {
			t.Errorf("%+v, %d seen, ended %q", c, seen, run.Ended)
		}
		want := map[bool]bench.TransportClass{false: bench.DataChannelReliable, true: bench.DataChannelLossy}[lossy]
		f := run.Facts
		if f.Transport != want || !f.Channel.Known || f.Channel.Ordered == lossy || f.Server.Version == "" || len(f.ICE) == 0 || len(f.Phases) < 4 {
			t.Errorf("facts: %+v", f)
		}
		s := bench.Summarise(run)
		t.Logf("P50 %v, timer late P99 %v, one-way half width %v, channel %+v, phases %v", s.P50.D, s.TimerError.P99.D, s.OneWay.Offset.HalfWidth(), f.Channel, f.Phases)
		runner.Close()
		echo.Close()
	}
}
