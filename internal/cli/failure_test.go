package cli_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
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
	benchtest.Heavy(t)
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

// waitForLine waits for a line with text. within is for a machine at rest; a busy one gets more.
func (p *process) waitForLine(t *testing.T, text string, within time.Duration) string {
	t.Helper()
	within = max(within, patience)
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

// waitForAnswers waits until n more pings were answered, as --verbose tells. Slots that the machine missed are not
// counted.
func (p *process) waitForAnswers(t *testing.T, n int) {
	t.Helper()
	for range n {
		p.waitForLine(t, "outcome=answered", patience)
	}
}

// exit waits for the end and returns the exit code. within is for a machine at rest; a busy one gets more.
func (p *process) exit(t *testing.T, within time.Duration) int {
	t.Helper()
	within = max(within, patience)
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
	benchtest.Beside(t, benchtest.Light)
	server := sandboxtest.Start(t)
	out := filepath.Join(t.TempDir(), "out.json")
	p := start(t, "livekit", "-s", server.URL, "--api-key", server.Key, "--api-secret", server.Secret, "-n", "100000",
		"-c", "20", "-v", "-q", "-o", out)
	p.waitForAnswers(t, 40)
	server.Kill()
	if code := p.exit(t, 15*time.Second); code != 1 {
		t.Errorf("exit code %d, want 1:\n%s", code, p.stderr())
	}
	f := readFile(t, out)
	lostOnlyWhatLeft(t, f)
	if f.Statistics.SuccessfulMessages < 40 || f.Details.Ended != "disconnected" || f.Details.Error == nil {
		t.Errorf("%+v, ended %q", f.Statistics, f.Details.Ended)
	}
	// what left before the death was seen, and nothing before that
	first := slices.Index(f.Details.Samples.Outcome, "lost")
	if n := f.Details.Counts.Lost; n > 0 && first < 40 {
		t.Errorf("%d lost: %v", n, f.Details.Samples.Outcome)
	}
}

func TestServerKilledAndRestarted(t *testing.T) {
	benchtest.Beside(t, benchtest.Light)
	server := sandboxtest.Start(t)
	out := filepath.Join(t.TempDir(), "out.json")
	p := start(t, "livekit", "-s", server.URL, "--api-key", server.Key, "--api-secret", server.Secret, "-n", "400",
		"-c", "20", "-v", "-q", "-o", out, "--reconnect-timeout", "2m")
	p.waitForAnswers(t, 40)
	server.Kill()
	p.waitForLine(t, "outcome=not_sent", 5*time.Second)
	server.Restart(t)
	if code := p.exit(t, 40*time.Second); code != 0 {
		t.Errorf("exit code %d, want 0:\n%s", code, p.stderr())
	}
	f := readFile(t, out)
	lostOnlyWhatLeft(t, f)
	if f.Details.Ended != "complete" || f.Statistics.TotalMessages != 400 || *f.Details.Reconnects == 0 ||
		f.Details.Counts.NotSent == 0 {
		t.Errorf("ended %q, %+v, %+v", f.Details.Ended, f.Statistics, f.Details.Counts)
	}
	if outcomes := f.Details.Samples.Outcome; outcomes[len(outcomes)-1] != "answered" {
		t.Errorf("the run did not recover: %+v", f.Details.Counts)
	}
}

func TestServerThatNeverAnswers(t *testing.T) {
	benchtest.Beside(t, benchtest.Light)
	address := benchtest.SilentServer(t)
	begin := time.Now()
	p := start(t, "livekit", "-s", "ws://"+address, "-t", "token", "--connect-timeout", "1s")
	if code := p.exit(t, 10*time.Second); code != 1 || !strings.Contains(p.stderr(), "no answer in 1s") {
		t.Errorf("exit code %d after %v:\n%s", code, time.Since(begin), p.stderr())
	}

	p = start(t, "livekit", "-s", "ws://"+address, "-t", "token", "--log-level", "info", "--connect-timeout", "1h")
	p.waitForLine(t, "joining", 10*time.Second)
	p.cmd.Process.Signal(os.Interrupt)
	if code := p.exit(t, 10*time.Second); code != 130 {
		t.Errorf("exit code %d, want 130:\n%s", code, p.stderr())
	}
}

func TestInterruptKeepsWhatWasMeasured(t *testing.T) {
	benchtest.Beside(t, benchtest.Light)
	for signal, want := range map[os.Signal]int{os.Interrupt: 130, syscall.SIGTERM: 143} {
		out := filepath.Join(t.TempDir(), "out.json")
		p := start(t, "livekit", "-n", "100000", "-c", "20", "-v", "-o", out)
		p.waitForAnswers(t, 20)
		p.cmd.Process.Signal(signal)
		if code := p.exit(t, 10*time.Second); code != want {
			t.Errorf("%v: exit code %d, want %d", signal, code, want)
		}
		f := readFile(t, out)
		lostOnlyWhatLeft(t, f)
		if f.Details.Ended != "interrupted" || f.Statistics.SuccessfulMessages < 20 ||
			f.Statistics.FailedMessages != 0 {
			t.Errorf("%v: ended %q, %+v", signal, f.Details.Ended, f.Statistics)
		}
	}
}
