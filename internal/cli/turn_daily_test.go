package cli_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/browser"
	"rtcbench/internal/environment"
	"rtcbench/internal/measure"
	"rtcbench/internal/platform"
	"rtcbench/internal/platform/daily/standin"
	"rtcbench/internal/result"
	"rtcbench/internal/turn"
)

// patient is an agent for a machine of any speed: it greets once it hears its caller, who speaks after that and not
// before it listens, and it takes a machine's pause inside a word for no end of the caller's speech.
func patient() *turn.Agent {
	return &turn.Agent{Greets: true, Patience: 2 * time.Second, Delay: 2*time.Second + 150*time.Millisecond}
}

// toGreet is for how long a caller waits for the greeting of a patient agent.
const toGreet = "90s"

// dailyAgent answers in a room of a stand-in for Daily, by a page of its own, until the test ends.
func dailyAgent(t *testing.T, s *standin.Server, room string, agent *turn.Agent) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	p := platform.All["daily"]
	place := bench.Place{URL: room, Bundle: s.BundleURL()}
	line, leave, err := measure.Page(ctx, browser.Options{Environment: environment.Environment(os.LookupEnv)}, p, place,
		p.Meet(place, time.Hour), 0)
	if err != nil {
		t.Fatal(err)
	}
	serving, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- agent.Serve(serving, line) }()
	t.Cleanup(func() { stop(); <-ended; leave() })
}

// turnDaily calls by the command, and gives the run.
func turnDaily(t *testing.T, s *standin.Server, want int, flags ...string) (bench.Run, *process) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "turn.json")
	p := start(t, append([]string{"turn", "daily", "--daily-bundle-url", s.BundleURL(), "--chrome-resolver-rules",
		"MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--store", "none", "-o", file, "--say", "stop", "--rest", "400ms"},
		flags...)...)
	if code := p.exit(t, 2*time.Minute); code != want {
		t.Fatalf("exit code %d, want %d:\n%s", code, want, p.stderr())
	}
	data, err := os.Open(file)
	if err != nil {
		return bench.Run{}, p
	}
	defer data.Close()
	for entry, err := range result.Decode(data) {
		if err != nil {
			t.Fatal(err)
		}
		return entry.Run, p
	}
	return bench.Run{}, p
}

// TestTurnDaily: whoever is in a Daily room is called, by daily-js itself. What is measured is what the agent did and
// what the way took, which the stand-in delays; and the call can be heard afterwards.
func TestTurnDaily(t *testing.T) {
	benchtest.Beside(t, benchtest.WithBrowser)
	s := startStandin(t)
	const delay = 40 * time.Millisecond
	s.SetFate(standin.Fate{Delay: delay})
	agent := patient()
	room := s.AddRoom("agent")
	dailyAgent(t, s, room, agent)
	wav := filepath.Join(t.TempDir(), "call.wav")
	run, p := turnDaily(t, s, 0, "-r", room, "--greeting", toGreet, "--turns", "2", "--timeout", "60s", "--record",
		wav)
	log := agent.Log()
	if run.Turns == nil || len(run.Turns.Turns) != 2 || len(log) != 2 {
		t.Fatalf("%+v, the agent answered %d times:\n%s", run.Turns, len(log), p.stderr())
	}
	for i, one := range run.Turns.Turns {
		way := one.Latency.D - log[i].Took()
		up := log[i].Heard.Sub(run.Start.Add(run.Samples[i].Sent)) // all are on one machine
		t.Logf("%s: %v, the agent says %v: %v there, %v back; stalled %v, uneven %v, the agent stalled %v", one.Fate,
			one.Latency.D, log[i].Took(), up, way-up, one.Stalled.D, one.Uneven.D, log[i].Stalled)
		if one.Fate != bench.TurnAnswered || way < 2*delay-time.Millisecond || log[i].Took() < agent.Delay {
			t.Errorf("%+v", one)
		}
	}
	call := run.Turns.Calls[0]
	if run.Facts.Transport != bench.Turn || run.Facts.Engine != bench.Browser || !run.Standin || call.Packets == 0 ||
		call.Strange != 0 || call.Agent == "" || len(run.Facts.ICE) == 0 {
		t.Errorf("%+v, %+v", run.Facts, call)
	}
	if info, err := os.Stat(wav); err != nil || info.Size() < 1<<17 {
		t.Errorf("the recording: %v, %v", info, err)
	}
}

// TestTurnStarter: a starter is asked once for each call, by POST and with its key, and tells the room and its token.
func TestTurnStarter(t *testing.T) {
	benchtest.Beside(t, benchtest.WithBrowser)
	s := startStandin(t)
	agent := patient()
	var asked atomic.Int32
	starter := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var order map[string]any
		if err := json.Unmarshal(body, &order); err != nil || r.Method != http.MethodPost ||
			order["createDailyRoom"] != true || r.Header.Get("Authorization") != "Bearer KEYKEYKEY" {
			t.Errorf("%s %v %s: %v", r.Method, r.Header, body, err)
		}
		asked.Add(1)
		room := s.AddRoom("started")
		dailyAgent(t, s, room, agent)
		json.NewEncoder(w).Encode(map[string]string{"dailyRoom": room, "sessionId": "1"})
	}))
	t.Cleanup(starter.Close)
	run, p := turnDaily(t, s, 0, "--start-url", starter.URL+"/agent/start", "--start-token", "KEYKEYKEY",
		"--greeting", toGreet, "--timeout", "60s", "--turns", "1")
	if asked.Load() != 1 || run.Turns == nil || run.Counts.Answered != 1 || !run.Turns.Calls[0].Dispatch.OK {
		t.Errorf("asked %d times, %+v:\n%s", asked.Load(), run.Turns, p.stderr())
	}
	if text := p.stderr(); !strings.Contains(text, "which may cost money") || strings.Contains(text, "KEYKEYKEY") {
		t.Error(text)
	}
}

// TestTurnDailyNobody: an empty room is told in one line, and so is a starter that says no; a key is in neither.
func TestTurnDailyNobody(t *testing.T) {
	benchtest.Beside(t, benchtest.WithBrowser)
	s := startStandin(t)
	_, p := turnDaily(t, s, 1, "-r", s.AddRoom("empty"), "--connect-timeout", "12s")
	if want := "nobody else is in the room after "; !strings.Contains(p.stderr(), want) {
		t.Error(p.stderr())
	}
	no := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusPaymentRequired)
		fmt.Fprint(w, "no minutes left for ", r.Header.Get("Authorization"))
	}))
	t.Cleanup(no.Close)
	_, p = turnDaily(t, s, 1, "--start-url", no.URL+"/start?key=KEYKEYKEY", "--start-token", "KEYKEYKEY")
	said := p.stderr()
	if !strings.Contains(said, "rtcbench: ask the agent's starter at 127.0.0.1:") ||
		!strings.Contains(said, ` for a room: HTTP 402 Payment Required, which says: "no minutes left for`) ||
		strings.Contains(said, "KEYKEYKEY") {
		t.Error(said)
	}
}

// TestTurnDailyIsCutOff: a call whose connection does not come back ends when --reconnect-timeout says so, and not when
// Daily's library gives up.
func TestTurnDailyIsCutOff(t *testing.T) {
	benchtest.Beside(t, benchtest.WithBrowser)
	s := startStandin(t)
	room := s.AddRoom("agent")
	guest, err := s.Join("agent")
	if err != nil {
		t.Fatal(err)
	}
	defer guest.Close()
	const limit = 2 * time.Second
	p := start(t, "turn", "daily", "-r", room, "--daily-bundle-url", s.BundleURL(), "--chrome-resolver-rules",
		"MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--greeting", "0", "--rest", "100ms", "--timeout", "100ms", "--store",
		"none", "-n", "1000", "--reconnect-timeout", limit.String())
	p.waitForLine(t, "turn 1 of", time.Minute)
	gone := time.Now()
	s.Close()
	code := p.exit(t, 2*time.Minute)
	if code != 1 || !strings.Contains(p.stderr(), "no connection to the server for 2s") {
		t.Errorf("exit code %d: %s", code, p.stderr())
	}
	if took := time.Since(gone); took < limit {
		t.Errorf("it ended after %v", took)
	}
}
