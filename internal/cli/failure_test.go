package cli_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"rtcbench/internal/benchtest"
	"rtcbench/internal/result"
	"rtcbench/internal/sandbox/sandboxtest"
)

// process is an rtcbench whose standard error is read while it runs.
type process struct {
	cmd   *exec.Cmd
	lines chan string
	done  chan error

	mu  sync.Mutex
	log strings.Builder
}

func start(t *testing.T, args ...string) *process {
	t.Helper()
	return startIn(t, nil, args...)
}

// startIn starts with more in its environment.
func startIn(t *testing.T, env []string, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command("rtcbench", args...), lines: make(chan string, 10000), done: make(chan error, 1)}
	p.cmd.Dir = t.TempDir()
	p.cmd.Env = append(append(ownFolders(p.cmd.Dir), "PATH="+os.Getenv("PATH")), env...) // and no setting of the user's
	stderr, err := p.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.cmd.Process.Kill() })
	go func() {
		for s := bufio.NewScanner(stderr); s.Scan(); {
			p.mu.Lock()
			p.log.WriteString(s.Text() + "\n")
			p.mu.Unlock()
			p.lines <- s.Text()
		}
		p.done <- p.cmd.Wait()
	}()
	return p
}

func (p *process) stderr() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.String()
}

func (p *process) waitForLine(t *testing.T, text string, within time.Duration) string {
	t.Helper()
	timer := time.NewTimer(within)
	defer timer.Stop()
	for {
		select {
		case line := <-p.lines:
			if strings.Contains(line, text) {
				return line
			}
		case <-timer.C:
			t.Fatalf("no %q in %v:\n%s", text, within, p.stderr())
		}
	}
}

// exit waits for the end and returns the exit code.
func (p *process) exit(t *testing.T, within time.Duration) int {
	t.Helper()
	select {
	case err := <-p.done:
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			return exit.ExitCode()
		}
		if err != nil {
			t.Fatal(err)
		}
		return 0
	case <-time.After(within):
		t.Fatalf("still running after %v:\n%s", within, p.stderr())
		return -1
	}
}

func readFile(t *testing.T, path string) (f result.File) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &f); err != nil {
		t.Fatal(err)
	}
	return f
}

// lostOnlyWhatLeft fails when a ping that never left is called lost, or one that was answered
// is not there.
func lostOnlyWhatLeft(t *testing.T, f result.File) {
	t.Helper()
	for i, outcome := range f.Details.Samples.Outcome {
		if outcome == "lost" && f.Details.Samples.Sent[i] == nil {
			t.Errorf("ping %d is lost and was never sent", i+1)
		}
	}
	if n := len(f.Measurements); n != f.Statistics.SuccessfulMessages {
		t.Errorf("%d measurements, %d successful", n, f.Statistics.SuccessfulMessages)
	}
}

func TestServerKilledInTheMiddle(t *testing.T) {
	t.Parallel()
	server := sandboxtest.Start(t)
	out := filepath.Join(t.TempDir(), "out.json")
	p := start(t, "livekit", "-s", server.URL, "--api-key", server.Key, "--api-secret", server.Secret, "-n", "100", "-v", "-q", "-o", out)
	p.waitForLine(t, "seq=40 outcome=answered", 30*time.Second)
	server.Kill()
	if code := p.exit(t, 15*time.Second); code != 1 {
		t.Errorf("exit code %d, want 1:\n%s", code, p.stderr())
	}
	f := readFile(t, out)
	lostOnlyWhatLeft(t, f)
	if f.Statistics.SuccessfulMessages < 40 || f.Details.Ended != "disconnected" || f.Details.Error == nil {
		t.Errorf("%+v, ended %q", f.Statistics, f.Details.Ended)
	}
	if n := f.Details.Counts.Lost; n > 5 { // what left before the death was seen
		t.Errorf("%d lost: %v", n, f.Details.Samples.Outcome)
	}
}

func TestServerKilledAndRestarted(t *testing.T) {
	t.Parallel()
	server := sandboxtest.Start(t)
	out := filepath.Join(t.TempDir(), "out.json")
	p := start(t, "livekit", "-s", server.URL, "--api-key", server.Key, "--api-secret", server.Secret, "-n", "100", "-v", "-q", "-o", out)
	p.waitForLine(t, "seq=40 outcome=answered", 30*time.Second)
	server.Kill()
	p.waitForLine(t, "outcome=not_sent", 5*time.Second)
	server.Restart(t)
	if code := p.exit(t, 40*time.Second); code != 0 {
		t.Errorf("exit code %d, want 0:\n%s", code, p.stderr())
	}
	f := readFile(t, out)
	lostOnlyWhatLeft(t, f)
	if f.Details.Ended != "complete" || f.Statistics.TotalMessages != 100 || f.Details.Reconnects == 0 || f.Details.Counts.NotSent == 0 {
		t.Errorf("ended %q, %+v, %+v", f.Details.Ended, f.Statistics, f.Details.Counts)
	}
	if f.Statistics.SuccessfulMessages < 60 {
		t.Errorf("the run did not recover: %+v", f.Details.Counts)
	}
}

func TestServerThatNeverAnswers(t *testing.T) {
	t.Parallel()
	address := benchtest.SilentServer(t)
	begin := time.Now()
	p := start(t, "livekit", "-s", "ws://"+address, "-t", "token", "--connect-timeout", "1s")
	if code := p.exit(t, 10*time.Second); code != 1 || !strings.Contains(p.stderr(), "no answer in 1s") {
		t.Errorf("exit code %d after %v:\n%s", code, time.Since(begin), p.stderr())
	}

	p = start(t, "livekit", "-s", "ws://"+address, "-t", "token", "--log-level", "info")
	p.waitForLine(t, "joining", 10*time.Second)
	p.cmd.Process.Signal(os.Interrupt)
	begin = time.Now()
	if code := p.exit(t, 10*time.Second); code != 130 {
		t.Errorf("exit code %d, want 130:\n%s", code, p.stderr())
	}
	if d := time.Since(begin); d > 300*time.Millisecond {
		t.Errorf("Ctrl-C took %v", d)
	}
}

func TestInterruptKeepsWhatWasMeasured(t *testing.T) {
	t.Parallel()
	for signal, want := range map[os.Signal]int{os.Interrupt: 130, syscall.SIGTERM: 143} {
		out := filepath.Join(t.TempDir(), "out.json")
		p := start(t, "livekit", "-n", "1000", "-c", "20", "-v", "-o", out)
		p.waitForLine(t, "seq=20 ", 30*time.Second)
		p.cmd.Process.Signal(signal)
		if code := p.exit(t, 10*time.Second); code != want {
			t.Errorf("%v: exit code %d, want %d", signal, code, want)
		}
		f := readFile(t, out)
		lostOnlyWhatLeft(t, f)
		if f.Details.Ended != "interrupted" || f.Statistics.SuccessfulMessages < 19 || f.Statistics.FailedMessages != 0 {
			t.Errorf("%v: ended %q, %+v", signal, f.Details.Ended, f.Statistics)
		}
	}
}
