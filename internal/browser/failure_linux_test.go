package browser_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/browser"
	"rtcbench/internal/sandbox/sandboxtest"
)

func plan(count int) bench.Plan {
	return bench.Plan{
		Count: count, Cooldown: 20 * time.Millisecond, Timeout: time.Second, Warmup: 2,
		EchoTimeout: 10 * time.Second, ReconnectTimeout: 5 * time.Second,
	}
}

// atSample starts a long run and calls f when ping n is settled.
func atSample(t *testing.T, p *browser.Page, n uint32, f func()) (bench.Run, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	return p.Probe(ctx, plan(2000), func(s bench.Sample) {
		if s.Seq == n {
			f()
		}
	})
}

func kept(t *testing.T, run bench.Run, err error) {
	t.Helper()
	if err == nil || run.Ended != bench.LinkLost || run.Counts.Answered < 20 || run.Counts.Lost > 0 && run.Counts.Lost > 60 {
		t.Errorf("ended %q, %v, %+v", run.Ended, err, run.Counts)
	}
}

func TestABrowserThatDies(t *testing.T) {
	server := sandboxtest.Start(t)
	b := start(t)
	echo, runner := join(t, b, server, "echo", false), join(t, b, server, "runner", false)
	if err := echo.Echo(t.Context()); err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	run, err := atSample(t, runner, 25, func() { begin = time.Now(); kill(t, b.Profile(), "") })
	kept(t, run, err)
	if d := time.Since(begin); d > 10*time.Second {
		t.Errorf("it took %v to see that the browser is gone", d)
	}
}

func TestATabThatCrashes(t *testing.T) {
	server := sandboxtest.Start(t)
	b := start(t)
	echo := start(t) // elsewhere, so that it lives on
	answering, runner := join(t, echo, server, "echo", false), join(t, b, server, "runner", false)
	if err := answering.Echo(t.Context()); err != nil {
		t.Fatal(err)
	}
	run, err := atSample(t, runner, 25, func() { kill(t, b.Profile(), "--type=renderer") })
	kept(t, run, err)
}

func TestAPageThatHangs(t *testing.T) {
	server := sandboxtest.Start(t)
	b := start(t)
	echo := start(t)
	answering, runner := join(t, echo, server, "echo", false), join(t, b, server, "runner", false)
	if err := answering.Echo(t.Context()); err != nil {
		t.Fatal(err)
	}
	var stopped []int
	run, err := atSample(t, runner, 25, func() { stopped = signal(b.Profile(), "--type=renderer", syscall.SIGSTOP) })
	if !strings.Contains(err.Error(), "silent") {
		t.Error(err)
	}
	kept(t, run, err)
	for _, pid := range stopped {
		syscall.Kill(pid, syscall.SIGCONT)
	}
}

func TestInterruption(t *testing.T) {
	server := sandboxtest.Start(t)
	b := start(t)
	echo, runner := join(t, b, server, "echo", false), join(t, b, server, "runner", false)
	if err := echo.Echo(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	run, err := runner.Probe(ctx, plan(2000), func(s bench.Sample) {
		if s.Seq == 25 {
			cancel()
		}
	})
	if err == nil || run.Ended != bench.Interrupted || run.Counts.Answered < 25 || run.Counts.Failed() > 0 {
		t.Errorf("ended %q, %v, %+v", run.Ended, err, run.Counts)
	}
}

func TestNothingIsLeftBehind(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	rounds := 5
	if os.Getenv("RTCBENCH_LONG") != "" {
		rounds = 20
	}
	for range rounds {
		b, err := browser.Start(t.Context(), browser.Options{ResolverRules: closedNetwork})
		if err != nil {
			t.Fatal(err)
		}
		profile := b.Profile()
		if len(processes(profile, "")) == 0 {
			t.Fatal("no process uses the profile: this test looks at the wrong place")
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
		gone(t, profile)
	}
	// What a killed rtcbench left is removed by the next; what a living one has is not.
	left := filepath.Join(dir, "rtcbench-"+strconv.Itoa(os.Getuid()))
	dead := exec.Command("true")
	if err := dead.Run(); err != nil {
		t.Fatal(err)
	}
	stale, living := filepath.Join(left, "chrome-"+strconv.Itoa(dead.Process.Pid)+"-x"), filepath.Join(left, "chrome-"+strconv.Itoa(os.Getppid())+"-x")
	for _, d := range []string{stale, living} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	b, err := browser.Start(t.Context(), browser.Options{ResolverRules: closedNetwork})
	if err != nil {
		t.Fatal(err)
	}
	b.Close()
	if _, err := os.Stat(stale); err == nil {
		t.Error("the leftover of a dead process is still there")
	}
	if _, err := os.Stat(living); err != nil {
		t.Error("the profile of a living process was removed")
	}
}

func gone(t *testing.T, profile string) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		_, err := os.Stat(profile)
		left := processes(profile, "")
		if err != nil && len(left) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Errorf("left behind: profile there %v, processes %v", err == nil, left)
			return
		}
	}
}

func TestNoChromium(t *testing.T) {
	_, err := browser.Start(t.Context(), browser.Options{Path: "/nowhere/chromium"})
	if err == nil || !strings.Contains(err.Error(), "no Chromium or Chrome found") {
		t.Error(err)
	}
	t.Setenv("PATH", t.TempDir())
	_, err = browser.Start(t.Context(), browser.Options{})
	if err == nil || !strings.Contains(err.Error(), "install it") {
		t.Error(err)
	}
}

// processes are those of a browser with this profile whose command line holds text.
func processes(profile, text string) (pids []int) {
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		line, err := os.ReadFile("/proc/" + e.Name() + "/cmdline")
		if err == nil && strings.Contains(string(line), profile) && strings.Contains(string(line), text) {
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
