package stage

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/platform/livekit"
	"rtcbench/internal/turn"
)

// agentReady is what the agent of a lab says when it is in the room.
const agentReady = "agent ready"

// Answerer is the voice agent of a lab.
type Answerer struct {
	URL, Key, Secret string
	Log              string        // the file that is told what was answered
	Delay            time.Duration // of the answers
	Within           time.Duration // how long joining may take
}

// Serve answers in the lab's room until ctx ends, and writes down what it did. It says on w when it is ready.
func (a Answerer) Serve(ctx context.Context, w io.Writer) error {
	const identity = "rtcbench-agent-lab"
	token, err := livekit.Key{Key: a.Key, Secret: a.Secret}.MintSpeaker(room, identity, 24*time.Hour)
	if err != nil {
		return err
	}
	joining, cancel := context.WithTimeout(ctx, a.Within)
	defer cancel()
	line, err := livekit.Voice{}.Call(joining, bench.Room{URL: a.URL, Name: room, Token: token},
		bench.JoinOptions{Identity: identity, ReconnectTimeout: a.Within})
	if err != nil {
		return err
	}
	defer line.Close()
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

// answers reads what an agent wrote down.
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
