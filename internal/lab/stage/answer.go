package stage

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/browser"
	"rtcbench/internal/platform/daily"
	"rtcbench/internal/platform/livekit"
	"rtcbench/internal/turn"
)

// agentReady is what the agent of a lab says when it is in the room.
const agentReady = "agent ready"

// Answerer is the voice agent of a lab.
type Answerer struct {
	Platform string              // whose room it is in; "" = LiveKit's
	Get      func(string) string // reads a variable: where the server is, and its key
	Browser  browser.Options     // needed by platforms other than LiveKit
	Log      string              // the file that is told what was answered
	Delay    time.Duration       // of the answers
	Within   time.Duration       // how long joining may take
}

// Serve answers in the lab's room until ctx ends, and writes down what it did. It says on w when it is ready.
func (a Answerer) Serve(ctx context.Context, w io.Writer) error {
	joining, cancel := context.WithTimeout(ctx, a.Within)
	defer cancel()
	take := a.seat
	if a.Platform == daily.Platform.Name {
		take = a.inPage
	}
	line, leave, err := take(joining)
	if err != nil {
		return err
	}
	defer leave()
	fmt.Fprintln(w, agentReady)
	agent := turn.Agent{Delay: a.Delay, Greets: true}
	if err := agent.Serve(ctx, line); ctx.Err() == nil {
		return err
	}
	data, err := json.Marshal(agent.Log())
	if err != nil {
		return err
	}
	return os.WriteFile(a.Log, data, 0o600)
}

// seat takes the seat of the agent in a LiveKit room. The caller calls leave.
func (a Answerer) seat(ctx context.Context) (line bench.Line, leave func(), err error) {
	const identity = "rtcbench-agent-lab"
	token, err := livekit.Key{Key: a.Get("LIVEKIT_API_KEY"), Secret: a.Get("LIVEKIT_API_SECRET")}.
		MintSpeaker(room, identity, 24*time.Hour)
	if err != nil {
		return nil, nil, err
	}
	line, err = livekit.Voice{}.Call(ctx, bench.Room{URL: a.Get("LIVEKIT_URL"), Name: room, Token: token},
		bench.JoinOptions{Identity: identity, ReconnectTimeout: a.Within})
	if err != nil {
		return nil, nil, err
	}
	return line, func() { line.Close() }, nil
}

// answers reads what an agent wrote down of its answers.
func answers(path string) (list []turn.Answered, err error) {
	data, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(data, &list)
	}
	if err != nil {
		return nil, fmt.Errorf("the log of the lab's agent: %w", err)
	}
	return list, nil
}
