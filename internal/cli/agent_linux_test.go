package cli_test

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/livekit/protocol/auth"
	protocol "github.com/livekit/protocol/livekit"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/platform/livekit"
	"rtcbench/internal/sandbox/sandboxtest"
)

// agentWorker starts a worker of LiveKit Agents (testdata/agent), and returns when it is registered.
func agentWorker(t *testing.T, server *sandboxtest.Server, mode string) {
	t.Helper()
	python, err := filepath.Abs("../../.bin/agents/bin/python")
	if err == nil {
		_, err = os.Stat(python)
	}
	if err != nil {
		t.Fatalf("LiveKit Agents, which this test calls: %v (make tools installs it)", err)
	}
	worker := exec.CommandContext(t.Context(), python, "testdata/agent/agent.py", "start")
	worker.Env = append(os.Environ(), "LIVEKIT_URL="+server.URL, "LIVEKIT_API_KEY="+server.Key,
		"LIVEKIT_API_SECRET="+server.Secret, "AGENT_MODE="+mode)
	worker.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // it has children
	out, err := worker.StderrPipe()
	if err == nil {
		worker.Stdout = worker.Stderr
		err = worker.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	registered, ended := make(chan struct{}), make(chan string, 1)
	go func() {
		var last strings.Builder
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if line := lines.Text(); strings.Contains(line, "registered worker") {
				close(registered)
			} else if last.Len() < 4000 {
				last.WriteString(line + "\n")
			}
		}
		ended <- last.String()
	}()
	t.Cleanup(func() {
		syscall.Kill(-worker.Process.Pid, syscall.SIGKILL)
		worker.Wait()
	})
	select {
	case <-registered:
	case text := <-ended:
		t.Fatalf("the worker ended: %s", text)
	case <-time.After(2 * time.Minute):
		t.Fatal("the worker does not register")
	}
}

// byKey are the flags of whoever has the server's key.
func byKey(server *sandboxtest.Server, flags ...string) []string {
	return append([]string{"--api-key", server.Key, "--api-secret", server.Secret}, flags...)
}

// call is one run of rtcbench turn to the agent of the worker.
func call(t *testing.T, server *sandboxtest.Server, who []string, flags ...string) (bench.Run, int, string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "turn.json")
	p := start(t, slices.Concat([]string{"turn", "livekit", "-s", server.URL, "--greeting", "60s", "--store", "none",
		"--timeout", "60s", "--connect-timeout", "60s", "-o", file, "-q"}, who, flags)...)
	code := p.exit(t, patience)
	if _, err := os.Stat(file); err != nil {
		return bench.Run{}, code, p.stderr()
	}
	run, err := readFile(t, file).Run()
	if err != nil {
		t.Fatal(err)
	}
	return run, code, p.stderr()
}

// TestRealAgent calls a worker of LiveKit Agents by its name: what is measured cannot be less than what the agent takes
// on purpose (its VAD waits 0.55 s, and it thinks for 0.3 s), and what the agent says of itself stands beside it.
func TestRealAgent(t *testing.T) {
	benchtest.Beside(t, benchtest.WithBrowser)
	server := sandboxtest.Start(t)
	agentWorker(t, server, "answers")
	run, code, said := call(t, server, byKey(server, "--agent", "known-agent"), "--turns", "2", "--say", "short")
	if code != 0 || !strings.Contains(said, "this calls a real agent, and speaks with it: 2 turns in 1 call, which "+
		"may cost money") {
		t.Fatalf("exit code %d: %s", code, said)
	}
	for _, one := range run.Turns.Turns {
		t.Logf("%s: %v, %+v", one.Fate, one.Latency.D, one.Notes)
		states := map[string]int{}
		for _, n := range one.Notes {
			states[n.What+" "+n.Text]++
		}
		if one.Fate != bench.TurnAnswered || one.Latency.D < 850*time.Millisecond ||
			states["lk.agent.state thinking"] == 0 || states["transcription Yes, I can."] != 1 ||
			states["transcription Anything else?"] != 1 {
			t.Errorf("%+v", one)
		}
	}
	if of := run.Turns.Calls[0]; !of.Dispatch.OK || !of.Greeting.OK || !strings.HasPrefix(of.Agent, "agent-") {
		t.Errorf("%+v", of)
	}
}

// TestRealAgentsOfOthers: an agent that is at work in a room already is called by the name of the room, and one that a
// token's own configuration sends comes when the token's room is made.
func TestRealAgentsOfOthers(t *testing.T) {
	benchtest.Beside(t, benchtest.WithBrowser)
	server := sandboxtest.Start(t)
	agentWorker(t, server, "answers")
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if _, err := (livekit.Key{Key: server.Key, Secret: server.Secret}).Dispatch(ctx, server.URL, "running",
		"known-agent"); err != nil {
		t.Fatal(err)
	}
	may := &auth.VideoGrant{RoomJoin: true, Room: "of-the-token"}
	token, err := auth.NewAccessToken(server.Key, server.Secret).SetIdentity("caller").SetVideoGrant(may).
		SetRoomConfig(&protocol.RoomConfiguration{Agents: []*protocol.RoomAgentDispatch{{AgentName: "known-agent"}}}).
		ToJWT()
	if err != nil {
		t.Fatal(err)
	}
	for name, who := range map[string][]string{
		"a running call": byKey(server, "--room", "running"), "a token's agent": {"-t", token},
	} {
		t.Run(name, func(t *testing.T) {
			run, code, said := call(t, server, who, "--turns", "1", "--say", "short")
			if code != 0 || run.Turns == nil || run.Turns.Turns[0].Fate != bench.TurnAnswered ||
				run.Turns.Turns[0].Latency.D < 850*time.Millisecond ||
				!strings.HasPrefix(run.Turns.Calls[0].Agent, "agent-") {
				t.Errorf("exit code %d, %+v: %s", code, run.Turns, said)
			}
			if strings.Contains(said, token) || !strings.Contains(said, "may cost money") {
				t.Error(said)
			}
		})
	}
}

// TestRealAgentThatFails: one that never answers, and one that crashes in mid-turn, are turns without an answer, and
// the run ends as others do.
func TestRealAgentThatFails(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"mute", "crashes"} {
		t.Run(mode, func(t *testing.T) {
			benchtest.Beside(t, benchtest.WithBrowser)
			server := sandboxtest.Start(t)
			agentWorker(t, server, mode)
			run, code, said := call(t, server, byKey(server, "--agent", "known-agent"), "--turns", "1", "--say", "stop",
				"--timeout", "4s")
			if code != 1 || run.Turns == nil || len(run.Turns.Turns) != 1 ||
				run.Turns.Turns[0].Fate != bench.TurnUnanswered || run.Counts.Lost != 1 {
				t.Errorf("exit code %d, %+v: %s", code, run.Turns, said)
			}
		})
	}
}

// TestRealAgentSpeaksOver: one that answers before its caller has ended is early. One that talks on is interrupted, and
// is told by how long it goes on: its VAD has to hear us first.
func TestRealAgentSpeaksOver(t *testing.T) {
	benchtest.Beside(t, benchtest.WithBrowser)
	server := sandboxtest.Start(t)
	t.Run("early", func(t *testing.T) {
		agentWorker(t, server, "early")
		run, code, said := call(t, server, byKey(server, "--agent", "known-agent"), "--turns", "1", "--say", "long")
		if run.Turns == nil || run.Turns.Turns[0].Fate != bench.TurnEarly || run.Turns.Turns[0].Latency.D >= 0 {
			t.Errorf("exit code %d, %+v: %s", code, run.Turns, said)
		}
	})
	t.Run("interrupted", func(t *testing.T) {
		agentWorker(t, server, "talks")
		script := filepath.Join(t.TempDir(), "talk.txt")
		if err := os.WriteFile(script, []byte("say short\ninterrupt after 1500 ms with medium\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		run, code, said := call(t, server, byKey(server, "--agent", "known-agent"), "--script", script)
		if code != 0 || run.Turns == nil || len(run.Turns.Turns) != 1 {
			t.Fatalf("exit code %d, %+v: %s", code, run.Turns, said)
		}
		one := run.Turns.Turns[0]
		t.Logf("%s: %v, on for %v", one.Fate, one.Latency.D, one.BargeIn.D)
		if one.Fate != bench.TurnAnswered || !one.BargeIn.OK || one.BargeIn.D < 50*time.Millisecond ||
			one.BargeIn.D > 15*time.Second { // it would have talked for 20 s
			t.Errorf("%+v", one)
		}
	})
}
