package browser_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/browser"
	"rtcbench/internal/platform/daily/standin"
	"rtcbench/internal/platform/livekit"
	"rtcbench/internal/sandbox/sandboxtest"
)

func plan(count int) bench.Plan {
	return bench.Plan{
		Count: count, Cooldown: 20 * time.Millisecond, Timeout: patience, Warmup: 2,
		EchoTimeout: patience, ReconnectTimeout: patience,
	}
}

// atAnswer starts a long run and calls f when n pings are answered.
func atAnswer(t *testing.T, p *browser.Page, n int, f func()) (bench.Run, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	return p.Probe(ctx, plan(100_000), func(s bench.Sample) {
		if s.Outcome != bench.Answered {
			return
		}
		if n--; n == 0 {
			f()
		}
	})
}

// slowEcho answers after 200 ms, so that pings are always under way.
func slowEcho(t *testing.T, server *sandboxtest.Server) {
	t.Helper()
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
	go benchtest.PlaySession(echo, func(_ int, t1 string) []benchtest.Reply {
		return []benchtest.Reply{benchtest.Pong(t1, 200*time.Millisecond)}
	})
}

// kept holds a run whose page died against what the page had told by then.
func kept(t *testing.T, run bench.Run, err error) {
	t.Helper()
	c := run.Counts
	if err == nil || run.Ended != bench.LinkLost || c.Answered < 25 || c.Lost > 0 {
		t.Errorf("ended %q, %v, %+v", run.Ended, err, c)
	}
	// Ten pings are under way at any moment where no slot is missed; of the last 100 ms nobody knows.
	if c.Unsettled == 0 || c.Sent != len(run.Samples)-c.NotSent {
		t.Errorf("%d in flight, %d sent of %d", c.Unsettled, c.Sent, len(run.Samples))
	}
	if d := run.End.Sub(run.Start); d < 400*time.Millisecond || d > time.Since(run.Start) {
		t.Errorf("from %v for %v", run.Start, d)
	}
	if c.WarmupSent == 0 || run.Echo.Identity != "echo" || run.Echo.Kind != "original" || run.Echo.FirstPong <= 0 {
		t.Errorf("warm-up of %d, echo %+v", c.WarmupSent, run.Echo)
	}
	if f := run.Facts; f.Transport != bench.DataChannelReliable || f.Identity != "runner" || f.Server.Version == "" ||
		len(f.ICE) == 0 {
		t.Errorf("facts: %+v", f)
	}
}

// seenAtOnce fails when an end was noticed only because nothing came any more.
func seenAtOnce(t *testing.T, err error) {
	t.Helper()
	if err != nil && strings.Contains(err.Error(), "silent") {
		t.Error(err)
	}
}

func TestABrowserThatDies(t *testing.T) {
	benchtest.Beside(t, benchtest.WithBrowser)
	server := sandboxtest.Start(t)
	b := start(t)
	slowEcho(t, server)
	runner := join(t, b, server, "runner", "")
	run, err := atAnswer(t, runner, 25, func() { kill(t, b.Profile(), "") })
	kept(t, run, err)
	seenAtOnce(t, err)
}

func TestATabThatCrashes(t *testing.T) {
	benchtest.Beside(t, benchtest.WithBrowser)
	server := sandboxtest.Start(t)
	b := start(t)
	slowEcho(t, server)
	runner := join(t, b, server, "runner", "")
	run, err := atAnswer(t, runner, 25, func() { kill(t, b.Profile(), "--type=renderer") })
	kept(t, run, err)
	seenAtOnce(t, err)
}

func TestAPageThatHangs(t *testing.T) {
	benchtest.Beside(t, benchtest.WithBrowser)
	server := sandboxtest.Start(t)
	b := start(t)
	slowEcho(t, server)
	runner := join(t, b, server, "runner", "")
	var stopped []int
	run, err := atAnswer(t, runner, 25, func() { stopped = signal(b.Profile(), "--type=renderer", syscall.SIGSTOP) })
	if !strings.Contains(err.Error(), "silent") {
		t.Error(err)
	}
	kept(t, run, err)
	for _, pid := range stopped {
		syscall.Kill(pid, syscall.SIGCONT)
	}
}

func TestInterruption(t *testing.T) {
	benchtest.Beside(t, benchtest.WithBrowser)
	server := sandboxtest.Start(t)
	b := start(t)
	echo, runner := join(t, b, server, "echo", ""), join(t, b, server, "runner", "")
	if err := echo.Echo(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	answered := 0
	run, err := runner.Probe(ctx, plan(100_000), func(s bench.Sample) {
		if s.Outcome != bench.Answered {
			return
		}
		if answered++; answered == 25 {
			cancel()
		}
	})
	if err == nil || run.Ended != bench.Interrupted || run.Counts.Answered < 25 || run.Counts.Failed() > 0 {
		t.Errorf("ended %q, %v, %+v", run.Ended, err, run.Counts)
	}
}

// A stand-in is known as one from the join on.
func TestATabOnTheStandInThatCrashes(t *testing.T) {
	benchtest.Beside(t, benchtest.WithBrowser)
	cloud, err := standin.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cloud.Close() })
	b := start(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	url := cloud.AddRoom("crash")
	var pages [2]*browser.Page
	for i := range pages {
		if pages[i], err = b.Open(ctx); err != nil {
			t.Fatal(err)
		}
		defer pages[i].Close()
		if err := pages[i].Join(ctx,
			of(browser.JoinConfig{Platform: "daily", URL: url, BundleURL: cloud.BundleURL()})); err != nil {
			t.Fatal(err)
		}
	}
	if err := pages[0].Echo(ctx); err != nil {
		t.Fatal(err)
	}
	run, err := atAnswer(t, pages[1], 25, func() { kill(t, b.Profile(), "--type=renderer") })
	f := run.Facts
	if err == nil || run.Counts.Answered < 25 || f.SFU != standin.SFU || f.Topology != "sfu" ||
		f.Transport != bench.SignallingWebSocket {
		t.Errorf("%v, %+v, %+v", err, run.Counts, f)
	}
}

// A listener that takes nothing, as a terminal after Ctrl-S, does not keep the run from its end.
func TestAListenerThatBlocks(t *testing.T) {
	benchtest.Beside(t, benchtest.WithBrowser)
	server := sandboxtest.Start(t)
	b := start(t)
	slowEcho(t, server)
	runner := join(t, b, server, "runner", "")
	free := make(chan struct{})
	defer close(free)
	run, err := runner.Probe(t.Context(), plan(100), func(bench.Sample) { <-free })
	if err != nil || run.Counts.Answered != 100 {
		t.Errorf("%v, %+v", err, run.Counts)
	}
}

func TestNoChromium(t *testing.T) {
	_, err := browser.Start(t.Context(), browser.Options{Environment: os.LookupEnv, Path: "/nowhere/chromium"})
	if err == nil || !strings.Contains(err.Error(), "no Chromium or Chrome found") {
		t.Error(err)
	}
	_, err = browser.FindAmong("", []string{"a-browser-that-nobody-has", "/nowhere/chromium"})
	if err == nil || !strings.Contains(err.Error(), "install it") {
		t.Error(err)
	}
}

// Once nobody waits for it any more, as after Ctrl-C, no browser is started.
func TestNoBrowserForNobody(t *testing.T) {
	dir := t.TempDir()
	path, ran := filepath.Join(dir, "browser"), filepath.Join(dir, "ran")
	if err := os.WriteFile(path, []byte("#!/bin/sh\ntouch "+ran+"\nexec sleep 1000\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("stopped by hand"))
	_, err := browser.Start(ctx, browser.Options{Path: path})
	if err == nil || !strings.Contains(err.Error(), "stopped by hand") {
		t.Error(err)
	}
	if _, err := os.Stat(ran); err == nil {
		t.Error("it was started")
	}
}

// processes are those of a browser with this profile whose command line holds text. Only a browser's first process
// always names the profile; the others are its children, and theirs.
func processes(profile, text string) (pids []int) {
	entries, _ := os.ReadDir("/proc")
	lines, parents := map[int]string{}, map[int]int{}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		line, err := os.ReadFile("/proc/" + e.Name() + "/cmdline")
		if err != nil {
			continue
		}
		lines[pid] = string(line)
		stat, _ := os.ReadFile("/proc/" + e.Name() + "/stat")
		if _, rest, ok := strings.Cut(string(stat), ") "); ok { // state, parent, …
			parents[pid], _ = strconv.Atoi(strings.Fields(rest)[1])
		}
	}
	for pid, line := range lines {
		of := false
		for at := pid; at > 1 && !of; at = parents[at] {
			of = strings.Contains(lines[at], profile)
		}
		if of && strings.Contains(line, text) {
			pids = append(pids, pid)
		}
	}
	return pids
}

func signal(profile, text string, s syscall.Signal) []int {
	pids := processes(profile, text)
	for _, pid := range pids {
		syscall.Kill(pid, s)
	}
	return pids
}

func kill(t *testing.T, profile, text string) {
	if len(signal(profile, text, syscall.SIGKILL)) == 0 {
		t.Errorf("no process of %s with %q", profile, text)
	}
}
