package browser_test

import (
	"context"
	"encoding/json"
	"os"
	"strconv"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/browser"
	"rtcbench/internal/platform/daily/standin"
	"rtcbench/internal/platform/livekit"
	"rtcbench/internal/sandbox/sandboxtest"
)

func TestMain(m *testing.M) {
	if os.Getenv(startOnly) != "" {
		startAndWait()
	}
	os.Exit(inOwnFolder(benchtest.ByWeight{M: m}.Run))
}

// startOnly in the environment makes this program start a browser and wait to be killed; startPath says which one.
const (
	startOnly = "RTCBENCH_TEST_START_ONLY"
	startPath = "RTCBENCH_TEST_START_PATH"
)

func startAndWait() {
	if _, err := browser.Start(context.Background(), browser.Options{Environment: os.LookupEnv,
		Path: os.Getenv(startPath)}); err != nil {
		os.Stderr.WriteString(err.Error())
		os.Exit(1)
	}
	os.Stdout.WriteString("up\n")
	select {}
}

// inOwnFolder runs with a folder for temporary files that nothing else has.
func inOwnFolder(run func() int) int {
	dir, err := os.MkdirTemp("", "b") // short: Chromium makes sockets below it
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	os.Setenv("TMPDIR", dir)
	return run()
}

// closedNetwork keeps Chromium from looking for anything but this machine.
const closedNetwork = "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"

// patience is for what has to happen, on a machine that does much else at the same time.
const patience = 2 * time.Minute

func start(t *testing.T) *browser.Browser {
	t.Helper()
	benchtest.Heavy(t)
	b, err := browser.Start(t.Context(), browser.Options{Environment: os.LookupEnv, ResolverRules: closedNetwork})
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

func join(t *testing.T, b *browser.Browser, server *sandboxtest.Server, identity string,
	class bench.TransportClass) *browser.Page {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
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
	if err := p.Join(ctx,
		of(browser.JoinConfig{Platform: "livekit", URL: server.URL, Token: token, Class: class})); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestLiveKitInChromium(t *testing.T) {
	benchtest.Beside(t, benchtest.WithBrowser)
	server := sandboxtest.Start(t)
	b := start(t)
	for _, class := range []bench.TransportClass{bench.DataChannelReliable, bench.DataChannelLossy} {
		lossy := class == bench.DataChannelLossy
		echo := join(t, b, server, "echo", class)
		if err := echo.Echo(t.Context()); err != nil {
			t.Fatal(err)
		}
		runner := join(t, b, server, "runner", class)
		seen := 0
		run, err := runner.Probe(t.Context(), bench.Plan{
			Count: 50, Cooldown: 20 * time.Millisecond, Timeout: patience, Warmup: 3,
			EchoTimeout: patience, ReconnectTimeout: patience, Class: class,
		}, func(bench.Sample) { seen++ })
		if err != nil {
			t.Fatal(err)
		}
		if c := run.Counts; c.Answered != 50 || c.Sent != 50 || c.WarmupSent == 0 || seen != len(run.Samples) ||
			run.Ended != bench.Complete {
			t.Errorf("%+v, %d seen, ended %q", c, seen, run.Ended)
		}
		f := run.Facts
		if f.Transport != class || !f.Channel.Known || f.Channel.Ordered == lossy || f.Server.Version == "" ||
			len(f.ICE) == 0 || len(f.Phases) < 4 {
			t.Errorf("facts: %+v", f)
		}
		s := bench.Summarise(run)
		t.Logf("P50 %v, timer late P99 %v, one-way half width %v, channel %+v, phases %v", s.P50.D, s.TimerError.P99.D,
			s.OneWay.Offset.HalfWidth(), f.Channel, f.Phases)
		runner.Close()
		echo.Close()
	}
}

func TestLiveKitProber(t *testing.T) {
	benchtest.Beside(t, benchtest.WithBrowser)
	server := sandboxtest.Start(t)
	b := start(t)
	benchtest.TestProber(t, func(t *testing.T, script benchtest.Script) bench.Prober {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		token, err := livekit.Key{Key: server.Key, Secret: server.Secret}.Mint("browser", "echo", time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		echo, err := livekit.Transport{}.Join(ctx, bench.Room{URL: server.URL, Token: token},
			bench.JoinOptions{ReconnectTimeout: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { echo.Close() })
		go benchtest.PlaySession(echo, script)
		return join(t, b, server, "runner", "")
	})
}

func TestDailyProber(t *testing.T) {
	benchtest.Beside(t, benchtest.WithBrowser)
	cloud, err := standin.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cloud.Close() })
	b := start(t)
	rooms := 0
	benchtest.TestProber(t, func(t *testing.T, script benchtest.Script) bench.Prober {
		rooms++
		name := "prober-" + strconv.Itoa(rooms)
		return onDaily(t, b, cloud, name, script)
	})
}

// onDaily is a page in a new room of a stand-in for Daily, in which script answers.
func onDaily(t *testing.T, b *browser.Browser, cloud *standin.Server, name string,
	script benchtest.Script) *browser.Page {
	t.Helper()
	url := cloud.AddRoom(name)
	guest, err := cloud.Join(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { guest.Close() })
	go benchtest.Play(script, func() ([]byte, error) {
		v, err := guest.Recv(time.Minute)
		data, _ := json.Marshal(v)
		return data, err
	}, func(payload []byte) { guest.Send(json.RawMessage(payload)) })
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	p, err := b.Open(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	if err := p.Join(ctx,
		of(browser.JoinConfig{Platform: "daily", URL: url, BundleURL: cloud.BundleURL()})); err != nil {
		t.Fatal(err)
	}
	return p
}
