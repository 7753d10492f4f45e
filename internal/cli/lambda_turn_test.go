package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/platform/livekit"
	"rtcbench/internal/result"
	"rtcbench/internal/sandbox/sandboxtest"
)

// calledByLambda: an event can ask for turns with an agent, in a room where one of ours answers. Where the function's
// time is over before, what was measured is the answer, and says so.
func calledByLambda(t *testing.T, server *sandboxtest.Server, invoke func(string, time.Duration) ([]byte, bool)) {
	t.Helper()
	const room = "called"
	token, err := livekit.Key{Key: server.Key, Secret: server.Secret}.MintSpeaker(room, "agent", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	line, err := livekit.Voice{}.Call(ctx, bench.Room{URL: server.URL, Name: room, Token: token},
		bench.JoinOptions{Identity: "agent", ReconnectTimeout: patience})
	if err != nil {
		t.Fatal(err)
	}
	defer line.Close()
	served := make(chan struct{})
	go func() {
		defer close(served)
		patient().Serve(ctx, line)
	}()
	type event struct {
		text    string
		allowed time.Duration
		ended   bench.Ended
	}
	events := []event{{`{"platform": "turn livekit", "room": "called", "turns": 1, "say": ["stop"], "greeting": "` +
		toGreet + `", "timeout": "60s"}`, patience, bench.Complete}}
	if os.Getenv("RTCBENCH_LONG") != "" {
		events = append(events, event{`{"platform": "turn livekit", "room": "called", "turns": 1000, "say": "stop"}`,
			30 * time.Second, bench.DeadlinePassed})
	}
	for _, test := range events {
		body, failed := invoke(test.text, test.allowed)
		var file result.File
		if err := json.Unmarshal(body, &file); err != nil || failed {
			t.Fatalf("%s: %v: %.500s", test.text, err, body)
		}
		run, err := file.Run()
		if err != nil || run.Turns == nil || run.Ended != test.ended || run.Counts.Answered == 0 {
			t.Errorf("%s: %v, ended %q, %+v", test.text, err, run.Ended, run.Counts)
		}
	}
	stop()
	<-served
}

// TestLambdaCallsInADailyRoom: an event can ask for turns with whoever is in a Daily room, by Daily's own library in a
// Chromium. One that names nobody is told so.
func TestLambdaCallsInADailyRoom(t *testing.T) {
	benchtest.Beside(t, benchtest.WithBrowser)
	s := startStandin(t)
	room := s.AddRoom("called")
	dailyAgent(t, s, room, patient())
	api, dir := newRuntimeAPI(t), t.TempDir()
	cmd := exec.Command("rtcbench")
	var log bytes.Buffer
	cmd.Dir, cmd.Stderr, cmd.Stdout = dir, &log, &log
	cmd.Env = []string{quickExits, "PATH=" + os.Getenv("PATH"), "TMPDIR=" + dir, "RTCBENCH_DATA_DIR=" + dir + "/data",
		"AWS_LAMBDA_RUNTIME_API=" + strings.TrimPrefix(api.URL, "http://"), "AWS_LAMBDA_FUNCTION_NAME=rtcbench",
		"RTCBENCH_DAILY_BUNDLE_URL=" + s.BundleURL(),
		"RTCBENCH_CHROME_RESOLVER_RULES=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { cmd.Process.Kill(); cmd.Wait() }()
	body, failed := api.invoke(t, fmt.Sprintf(`{"platform": "turn daily", "room-url": %q, "turns": 2, `+
		`"say": ["stop"], "rest": "400ms", "greeting": %q, "timeout": "60s", `+
		`"connect-timeout": "60s"}`, room, toGreet), patience)
	var file result.File
	if err := json.Unmarshal(body, &file); err != nil || failed {
		t.Fatalf("%v: %.500s", err, body)
	}
	run, err := file.Run()
	if err != nil || run.Turns == nil || run.Facts.Engine != bench.Browser || run.Ended != bench.Complete ||
		run.Counts.Answered == 0 {
		t.Errorf("%v, by %s, ended %q, %+v: %+v", err, run.Facts.Engine, run.Ended, run.Counts, run.Turns)
	}
	body, failed = api.invoke(t, `{"platform": "turn daily"}`, patience)
	if !failed || !strings.Contains(string(body), "nobody is named to be called: give --room-url") {
		t.Errorf("failed %v, %s", failed, body)
	}
}
