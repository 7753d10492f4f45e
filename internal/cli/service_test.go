package cli_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"rtcbench/internal/benchtest"
	"rtcbench/internal/echo"
	"rtcbench/internal/report"
	"rtcbench/internal/sandbox/sandboxtest"
)

// startService starts rtcbench echo as a service and gives its URL.
func startService(t *testing.T, args ...string) (*process, string) {
	t.Helper()
	p := start(t, append([]string{"echo", "--listen", "127.0.0.1:0"}, args...)...)
	line := p.waitForLine(t, "echo service for", 30*time.Second)
	url := regexp.MustCompile(`http://\S+:\d+`).FindString(line)
	if url == "" {
		t.Fatalf("no address in %q", line)
	}
	return p, url
}

func livekitService(t *testing.T, args ...string) (*process, string) {
	t.Helper()
	server := sandboxtest.Start(t)
	return startService(t, append([]string{"-s", server.URL, "--api-key", server.Key, "--api-secret", server.Secret},
		args...)...)
}

// metric reads a number from a service's /metrics.
func metric(t *testing.T, url, name string) float64 {
	t.Helper()
	answer, err := (&http.Client{Timeout: patience}).Get(url + "/metrics") // of one that grows without end none comes
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(answer.Body)
	for _, line := range strings.Split(string(text), "\n") {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			v, err := strconv.ParseFloat(value, 64)
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
	}
	t.Fatalf("no %s in\n%s", name, text)
	return 0
}

// eventually waits until a metric is what is wanted.
func eventually(t *testing.T, url, name string, ok func(float64) bool) {
	t.Helper()
	var v float64
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if v = metric(t, url, name); ok(v) {
			return
		}
	}
	t.Fatalf("%s is still %v after %v", name, v, patience)
}

func stopService(t *testing.T, p *process) {
	t.Helper()
	p.cmd.Process.Signal(os.Interrupt)
	if code := p.exit(t, 30*time.Second); code != 130 {
		t.Errorf("exit code %d:\n%s", code, p.stderr())
	}
}

// Rooms come and go by the hundred; the service does not grow.
func TestServiceSoak(t *testing.T) {
	benchtest.Beside(t, benchtest.Light)
	count := 200
	if os.Getenv("RTCBENCH_LONG") != "" {
		count = 2000
	}
	p, url := livekitService(t, "--rate-limit", "100000")
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	agent := echo.Client{URL: url}
	soak := func(n int) {
		var all sync.WaitGroup
		next := make(chan int, n)
		for i := range n {
			next <- i
		}
		close(next)
		for range 10 {
			all.Go(func() {
				for range next {
					in, err := agent.Connect(ctx, "", "livekit")
					if err == nil {
						err = agent.Disconnect(ctx, in.RoomID)
					}
					if err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		all.Wait()
	}
	soak(20) // what is made once
	eventually(t, url, "rtcbench_echo_rooms", func(v float64) bool { return v == 0 })
	// One more request than is counted here keeps a connection of its own.
	goroutines := metric(t, url, "go_goroutines")
	heap := metric(t, url, "go_memstats_heap_alloc_bytes")
	soak(count)
	eventually(t, url, "go_goroutines", func(v float64) bool { return v <= goroutines+20 })
	if now := metric(t, url, "go_memstats_heap_alloc_bytes"); now > heap+30<<20 {
		t.Errorf("the heap grew from %.1f to %.1f MB over %d rooms", heap/(1<<20), now/(1<<20), count)
	}
	if n := metric(t, url, `rtcbench_echo_errors_total{what="close"}`); n != 0 {
		t.Errorf("%v rooms were not deleted", n)
	}
	stopService(t, p)
}

// A runner that is killed says no goodbye, and its room ends all the same; two runners do not disturb each other.
func TestARunnerThatVanishes(t *testing.T) {
	benchtest.Beside(t, benchtest.Light)
	p, url := livekitService(t)
	var runners []*process
	for range 2 {
		runners = append(runners, start(t, "livekit", "--agent-url", url, "-n", "100000", "-c", "20", "-v", "-q"))
	}
	for _, r := range runners {
		r.waitForAnswers(t, 20)
	}
	if n := metric(t, url, "rtcbench_echo_rooms"); n != 2 {
		t.Errorf("%v rooms", n)
	}
	runners[0].cmd.Process.Signal(syscall.SIGKILL)
	eventually(t, url, "rtcbench_echo_rooms", func(v float64) bool { return v == 1 })
	p.waitForLine(t, "the last runner has left", 10*time.Second)
	runners[1].cmd.Process.Signal(os.Interrupt) // this one says goodbye
	if code := runners[1].exit(t, 20*time.Second); code != 130 {
		t.Errorf("exit code %d:\n%s", code, runners[1].stderr())
	}
	eventually(t, url, "rtcbench_echo_rooms", func(v float64) bool { return v == 0 })
	stopService(t, p)
}

// One service for both platforms, asked once.
func TestServiceForBoth(t *testing.T) {
	benchtest.Beside(t, benchtest.WithBrowser)
	s, server := startStandin(t), sandboxtest.Start(t)
	chrome := []string{"--daily-bundle-url", s.BundleURL(), "--chrome-resolver-rules",
		"MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"}
	p, url := startService(t, append(chrome, "--platform", "both", "--daily-api-key", s.Key, "--daily-api-url", s.API(),
		"--livekit-url", server.URL, "--livekit-api-key", server.Key, "--livekit-api-secret", server.Secret)...)
	out := filepath.Join(t.TempDir(), "both.json")
	run := start(t,
		append([]string{"both"}, append(chrome, "--agent-url", url, "-n", "20", "-c", "50", "-o", out)...)...)
	if code := run.exit(t, time.Minute); code != 0 {
		t.Fatalf("exit code %d:\n%s", code, run.stderr())
	}
	var both report.Both
	data, err := os.ReadFile(out)
	if err == nil {
		err = json.Unmarshal(data, &both)
	}
	if err != nil || both.Daily == nil || both.Livekit == nil || both.Daily.Statistics.SuccessfulMessages != 20 ||
		both.Livekit.Statistics.SuccessfulMessages != 20 ||
		both.Daily.Details.Echo.Mode != "remote" || both.Livekit.Details.Echo.Mode != "remote" {
		t.Fatalf("%v\n%s", err, run.stderr())
	}
	if n := metric(t, url, "rtcbench_echo_rooms"); n != 0 || len(s.Rooms()) != 0 {
		t.Errorf("%v rooms are open, on Daily %v", n, s.Rooms())
	}
	// One platform of it.
	if in, err := (echo.Client{URL: url}).Connect(t.Context(), "", "livekit"); err != nil || len(in.Rooms) != 1 ||
		in.Rooms["livekit"].URL == "" {
		t.Errorf("%v %+v", err, in)
	}
	stopService(t, p)
	if len(s.Rooms()) != 0 {
		t.Errorf("left on Daily: %v", s.Rooms())
	}
}

// Daily: a page of one browser a room, made and deleted over REST.
func TestServiceOnDaily(t *testing.T) {
	benchtest.Beside(t, benchtest.WithBrowser)
	s := startStandin(t)
	p, url := startService(t, "--platform", "daily", "--api-key", s.Key, "--daily-api-url", s.API(),
		"--daily-bundle-url", s.BundleURL(),
		"--chrome-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1")
	run, out := daily(t, s, "--agent-url", url, "-n", "20", "-c", "20")
	f := ended(t, run, out, 0)
	if f.Details.Echo.Mode != "remote" || f.Statistics.SuccessfulMessages != 20 || !f.Details.Standin {
		t.Errorf("%+v %+v", f.Details.Echo, f.Statistics)
	}
	if n := metric(t, url, "rtcbench_echo_rooms"); n != 0 {
		t.Errorf("%v rooms are open", n)
	}
	if left := s.Rooms(); len(left) != 0 {
		t.Errorf("rooms left on the platform: %v", left)
	}
	stopService(t, p)
}
