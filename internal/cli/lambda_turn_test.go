package cli_test

import (
	"context"
	"encoding/json"
	"os"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/platform/livekit"
	"rtcbench/internal/result"
	"rtcbench/internal/sandbox/sandboxtest"
	"rtcbench/internal/turn"
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
		(&turn.Agent{Delay: turn.LeastDelay}).Serve(ctx, line)
	}()
	type event struct {
		text    string
		allowed time.Duration
		ended   bench.Ended
	}
	events := []event{{`{"platform": "turn livekit", "room": "called", "turns": 1, "say": ["stop"], "greeting": "0",` +
		`"timeout": "60s"}`, patience, bench.Complete}}
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
