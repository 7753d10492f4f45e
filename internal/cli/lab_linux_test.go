package cli_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"rtcbench/internal/benchtest"
	"rtcbench/internal/lab/analysis"
	"rtcbench/internal/result"
)

// inLab is a command in a lab; every process of it can be told by its environment. It needs root. All that is in the
// lab is built without the race detector, which would be most of what is measured (make test-long has it).
func inLab(t *testing.T, args ...string) (cmd *exec.Cmd, out *bytes.Buffer, dir string) {
	t.Helper()
	benchtest.NeedsRoot(t, "the lab measures what it injects, and ends")
	benchtest.Heavy(t)
	dir, err := os.MkdirTemp("", "lab") // short: Chromium makes sockets below it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	out = &bytes.Buffer{}
	folder, err := benchtest.Plain()
	if err != nil {
		t.Fatal(err)
	}
	cmd = exec.Command(filepath.Join(folder, "rtcbench"), append([]string{"lab", "run"}, args...)...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, out, out
	cmd.Env = append(ownFolders(dir), "PATH="+os.Getenv("PATH"), "TMPDIR="+dir, labMark+dir)
	t.Cleanup(func() {
		if cmd.Process != nil {
			cmd.Process.Kill()
			cmd.Wait()
		}
		until(t, "its processes are gone", func() bool { return len(marked(dir)) == 0 })
	})
	return cmd, out, dir
}

const labMark = "RTCBENCH_TEST_MARK="

// marked are the processes that were started with dir's mark.
func marked(dir string) (pids []string) {
	list, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, path := range list {
		if env, err := os.ReadFile(path); err == nil && bytes.Contains(env, []byte(labMark+dir+"\x00")) {
			pids = append(pids, filepath.Base(filepath.Dir(path)))
		}
	}
	return pids
}

func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

// One scenario, the real server and both engines: what was measured is what was injected, and a little more.
func TestLab(t *testing.T) {
	t.Parallel()
	for _, flags := range []string{"--engine native --channel lossy", "--engine native --channel audio",
		"--engine browser"} {
		t.Run(flags, func(t *testing.T) {
			benchtest.Beside(t, benchtest.WithBrowser)
			args := append([]string{"--report", "lab.json", "--packets", "packets.csv", "transatlantic", "--",
				"livekit", "-n", "20", "-c", "50", "-o", "result.json"}, strings.Fields(flags)...)
			cmd, out, dir := inLab(t, args...)
			if err := cmd.Run(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			var file result.File
			var report analysis.Report
			for name, v := range map[string]any{"result.json": &file, "lab.json": &report} {
				data, err := os.ReadFile(filepath.Join(dir, name))
				if err == nil {
					err = json.Unmarshal(data, v)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			if report.RunID != file.Metadata.RunID || report.Pings != 20 || report.Matched == 0 {
				t.Errorf("%d of %d pings matched\n%s", report.Matched, report.Pings, out)
			}
			// ms: two ways of 43.45 and their jitter; what is above that is the router's and the machine's
			const least = 87
			for i, rtt := range report.Samples.RTT {
				injected := report.Samples.InjectedUp[i] + report.Samples.InjectedDown[i]
				if injected < 86.9 || rtt < injected {
					t.Errorf("ping %d: %.3f ms measured, %.3f injected", report.Samples.Seq[i], rtt, injected)
				}
			}
			if e := report.Errors[0]; e.What != "round trip P50" || e.Injected < least || e.Error <= 0 {
				t.Errorf("%+v", e)
			}
			if file.Details.OneWay.Clocks != "one" ||
				!strings.Contains(out.String(), `rtcbench lab played "transatlantic"`) ||
				!strings.Contains(out.String(), "answered pings were matched") {
				t.Errorf("clocks %q\n%s", file.Details.OneWay.Clocks, out)
			}
			packets, err := os.Open(filepath.Join(dir, "packets.csv"))
			if err != nil {
				t.Fatal(err)
			}
			defer packets.Close()
			if rows, err := csv.NewReader(packets).ReadAll(); err != nil || len(rows) < 100 {
				t.Errorf("%d packets, %v", len(rows), err)
			}
			if left, _ := filepath.Glob(filepath.Join(dir, "rtcbench-*", "*")); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

// Where pings are lost is what the echo wrote down itself, by both engines.
func TestLabKnowsWhereLossHappens(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{"native", "browser"} {
		t.Run(engine, func(t *testing.T) {
			benchtest.Beside(t, benchtest.WithBrowser)
			cmd, out, dir := inLab(t, "--report", "lab.json", "mine.yaml", "--", "livekit", "--engine", engine,
				"--channel", "lossy", "-n", "80", "-c", "25", "--timeout", "10000", "--connect-timeout", "60s")
			// a lost packet holds back what is behind it for seconds (RFC 9260 §6.3.3)
			scenario := []byte("{about: A tenth is lost., paths: {runner-sfu: {both: {delay: 10ms, loss: 10%}}, " +
				"sfu-echo: {both: {}}}}")
			if err := os.WriteFile(filepath.Join(dir, "mine.yaml"), scenario, 0o644); err != nil {
				t.Fatal(err)
			}
			if err := cmd.Run(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			data, err := os.ReadFile(filepath.Join(dir, "lab.json"))
			var report analysis.Report
			if err == nil {
				err = json.Unmarshal(data, &report)
			}
			if err != nil {
				t.Fatal(err)
			}
			l := report.Loss
			if l.Heard == nil || l.Sent != 80 || l.Down == 0 || l.Wrong != 0 {
				t.Fatalf("%+v\n%s", l, out)
			}
			if most := l.Sent - l.Up; *l.Heard > most || *l.Heard < most-l.Unknown {
				t.Errorf("the echo heard %d of %d pings, and the run says that %d were lost on the way up, %d nobody "+
					"knows where", *l.Heard, l.Sent, l.Up, l.Unknown)
			}
		})
	}
}

// A file of an earlier run is not held against this one's packets; what the environment says of rooms and files is the
// user's own, and the lab has its own room.
func TestLabWithoutResult(t *testing.T) {
	benchtest.Beside(t, benchtest.WithBrowser)
	cmd, out, dir := inLab(t, "floor", "--", "livekit", "-n", "2", "-q")
	cmd.Env = append(cmd.Env, "ECHO_AGENT_URL=http://127.0.0.1:1", "RTCBENCH_OUTPUT=result.json")
	if err := cmd.Run(); err != nil || !strings.Contains(out.String(), "of 2 answered pings") {
		t.Fatalf("%v\n%s", err, out)
	}
	if _, err := os.Stat(filepath.Join(dir, "result.json")); err != nil {
		t.Error(err)
	}
	far := filepath.Join(dir, "far.yaml")
	if err := os.WriteFile(far, []byte("{paths: {runner-sfu: {both: {delay: 10s}}, sfu-echo: {both: {}}}}"),
		0o644); err != nil {
		t.Fatal(err)
	}
	out.Reset()
	again := exec.Command(cmd.Path, "lab", "run", far, "--", "livekit", "-n", "2", "--connect-timeout", "1s", "-o",
		"result.json")
	again.Dir, again.Env, again.Stdout, again.Stderr = dir, cmd.Env, out, out
	if again.Run(); again.ProcessState.ExitCode() != 1 || strings.Contains(out.String(), "The lab:") {
		t.Errorf("exit code %d\n%s", again.ProcessState.ExitCode(), out)
	}
}

// However a lab ends, nothing of it stays: no process, and with them no namespace and no device.
func TestLabEnds(t *testing.T) {
	t.Parallel()
	for name, sig := range map[string]syscall.Signal{"Ctrl-C": syscall.SIGINT, "kill": syscall.SIGTERM,
		"kill -9": syscall.SIGKILL} {
		t.Run(name, func(t *testing.T) {
			benchtest.Beside(t, benchtest.WithBrowser)
			cmd, out, dir := inLab(t, "same-region", "--", "livekit", "-n", "100000", "-c", "20", "-v")
			said, err := os.Create(filepath.Join(dir, "said"))
			if err != nil {
				t.Fatal(err)
			}
			defer said.Close()
			cmd.Stderr = said
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			until(t, "the runner measures", func() bool {
				text, _ := os.ReadFile(said.Name())
				return bytes.Contains(text, []byte("msg=ping"))
			})
			cmd.Process.Signal(sig)
			err = cmd.Wait()
			if sig != syscall.SIGKILL && cmd.ProcessState.ExitCode() != 128+int(sig) {
				t.Errorf("%v\n%s", err, out)
			}
			until(t, "its processes are gone", func() bool { return len(marked(dir)) == 0 })
			// What a killed one has left on disk goes with the next start.
			next := exec.Command("rtcbench", "lab", "run", "floor", "--", "livekit", "-n", "1", "-q")
			next.Dir, next.Env = cmd.Dir, cmd.Env
			if said, err := next.CombinedOutput(); err != nil {
				t.Errorf("the next: %v\n%s", err, said)
			}
			if left, _ := filepath.Glob(filepath.Join(dir, "rtcbench-*", "*")); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}
