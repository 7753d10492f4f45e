package cli_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"rtcbench/internal/benchtest"
	"rtcbench/internal/report"
	"rtcbench/internal/result"
)

// TestKilledOutright: rtcbench is killed with its browser open. The browser goes with it, and the
// next start removes what it left on disk.
func TestKilledOutright(t *testing.T) {
	benchtest.Beside(t, benchtest.WithBrowser)
	s := startStandin(t)
	tmp := t.TempDir()
	run := func() *process {
		return startIn(t, []string{"TMPDIR=" + tmp}, "daily", "-r", s.AddRoom("killed"), "--echo", "local", "-n",
			"100000", "-c", "20", "-q", "-v",
			"--daily-bundle-url", s.BundleURL(), "--chrome-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1")
	}
	p := run()
	p.waitForLine(t, "seq=5 ", time.Minute)
	p.cmd.Process.Kill()
	<-p.done
	left := func() []string { // profiles, and a lock beside each
		list, _ := filepath.Glob(filepath.Join(tmp, "rtcbench-*", "chrome-*"))
		return list
	}
	profiles := func() []string {
		return slices.DeleteFunc(left(), func(path string) bool { return strings.HasSuffix(path, ".lock") })
	}
	if len(profiles()) != 1 {
		t.Fatalf("profiles after the kill: %v", profiles())
	}
	for deadline := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		out, _ := exec.Command("pgrep", "-f", tmp).Output()
		if len(out) == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("processes left behind: %s", out)
		}
	}
	p = run()
	p.waitForLine(t, "seq=5 ", time.Minute)
	if n := len(profiles()); n != 1 {
		t.Errorf("%d profiles while one browser runs: %v", n, profiles())
	}
	p.cmd.Process.Signal(os.Interrupt)
	p.exit(t, 20*time.Second)
	if len(left()) != 0 {
		t.Errorf("left behind: %v", left())
	}
}

// TestOriginalsOnDaily: a ping and a pong of the original's, as an object and as a JSON string, by a
// participant that is no rtcbench.
func TestOriginalsOnDaily(t *testing.T) {
	benchtest.Beside(t, benchtest.WithBrowser)
	s := startStandin(t)
	url := s.AddRoom("originals")

	// Our echo answers an original runner.
	echo := start(t, "echo", "--platform", "daily", "-r", url, "--daily-bundle-url", s.BundleURL(),
		"--chrome-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1")
	echo.waitForLine(t, "echo ready in room", time.Minute)
	guest, err := s.Join("originals")
	if err != nil {
		t.Fatal(err)
	}
	defer guest.Close()
	for _, data := range []any{
		map[string]any{"type": "ping", "timestamp": 12345.678901},
		`{"type": "ping", "timestamp": 12345.678901}`,
	} {
		guest.Send(data)
		pong, err := guest.Recv(patience)
		if err != nil {
			t.Fatal(err)
		}
		m, _ := pong.(map[string]any)
		if m["type"] != "pong" || m["client_timestamp"] != 12345.678901 ||
			m["server_send_time"].(float64) < m["server_receive_time"].(float64) || m["seq"] != nil {
			t.Errorf("%v", pong)
		}
	}
	echo.cmd.Process.Signal(os.Interrupt)
	echo.exit(t, 20*time.Second)

	// An original echo answers two of our runners at once; it shouts, half the time in strings.
	go func() {
		for n := 0; ; n++ {
			v, err := guest.Recv(time.Minute)
			if err != nil {
				return
			}
			ping, _ := v.(map[string]any)
			if ping["type"] != "ping" {
				continue
			}
			pong := map[string]any{"type": "pong", "client_timestamp": ping["timestamp"], "server_receive_time": 10.5,
				"server_send_time": 10.75, "message_count": n}
			if n%2 == 0 {
				guest.Send(pong)
				continue
			}
			text, _ := json.Marshal(pong)
			guest.Send(string(text))
		}
	}()
	first, out1 := daily(t, s, "-r", url, "-n", "30", "-c", "40")
	second, out2 := daily(t, s, "-r", url, "-n", "30", "-c", "40")
	for i, f := range []result.File{ended(t, first, out1, 0), ended(t, second, out2, 0)} {
		c := f.Details.Counts
		if c.Answered != 30 || c.Duplicate != 0 || c.Malformed != 0 || *f.Details.Echo.Kind != "original" ||
			len(f.Details.Echo.Others) != 0 {
			t.Errorf("runner %d: %+v, %+v", i, c, f.Details.Echo)
		}
	}
}

// TestDailyInterrupted: Ctrl-C ends the run, not the browser before it has told what it measured.
func TestDailyInterrupted(t *testing.T) {
	benchtest.Beside(t, benchtest.WithBrowser)
	s := startStandin(t)
	p, out := daily(t, s, "--api-key", s.Key, "-n", "100000", "-c", "20")
	p.waitForAnswers(t, 20)
	p.cmd.Process.Signal(os.Interrupt)
	f := ended(t, p, out, 130)
	d := f.Details
	if d.Ended != "interrupted" || f.Statistics.SuccessfulMessages < 20 || f.Statistics.FailedMessages != 0 ||
		f.Metadata.DurationMS < 300 || !d.Standin || d.TransportClass == nil {
		t.Errorf("ended %q, %+v, %+v, standin %v, class %v", d.Ended, f.Statistics, f.Metadata, d.Standin,
			d.TransportClass)
	}
	if len(s.Rooms()) != 0 {
		t.Errorf("rooms left: %v", s.Rooms())
	}
}

// TestDailyIsCutOff: a run whose connection does not come back ends when --reconnect-timeout says so, and with both the
// other side goes on.
func TestDailyIsCutOff(t *testing.T) {
	benchtest.Beside(t, benchtest.WithBrowser)
	const limit = 2 * time.Second
	s := startStandin(t)
	p, out := daily(t, s, "-n", "100000", "-c", "20", "-r", s.AddRoom("bench"), "--echo", "local",
		"--reconnect-timeout", limit.String())
	p.waitForAnswers(t, 20)
	gone := time.Now()
	s.Close()
	f := ended(t, p, out, 1)
	if took := time.Since(gone); took < limit {
		t.Errorf("it ended after %v", took)
	}
	if f.Details.Ended != "disconnected" || !strings.Contains(p.stderr(), "no connection to the server for 2s") {
		t.Errorf("ended %q: %s", f.Details.Ended, p.stderr())
	}
	if os.Getenv("RTCBENCH_LONG") == "" { // the other side of both takes its time
		return
	}
	s, out = startStandin(t), filepath.Join(t.TempDir(), "both.json")
	p = start(t, "both", "--daily-bundle-url", s.BundleURL(), "--daily-room", s.AddRoom("bench"), "--echo", "local",
		"--chrome-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "-n", "150", "-c", "100", "-o", out, "-q",
		"-v", "--reconnect-timeout", limit.String())
	p.waitForAnswers(t, 20)
	s.Close()
	if code := p.exit(t, 2*time.Minute); code != 1 ||
		!strings.Contains(p.stderr(), "no connection to the server for 2s") {
		t.Errorf("exit code %d: %s", code, p.stderr())
	}
	var both report.Both
	if data, err := os.ReadFile(out); err != nil || json.Unmarshal(data, &both) != nil ||
		both.Daily.Details.Ended != "disconnected" || both.Livekit.Details.Ended != "complete" {
		t.Errorf("%v, %+v", err, both)
	}
}
