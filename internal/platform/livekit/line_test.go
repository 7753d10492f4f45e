package livekit_test

import (
	"context"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/platform/livekit"
	"rtcbench/internal/sandbox/sandboxtest"
	"rtcbench/internal/turn"
)

func speaks(t *testing.T, server *sandboxtest.Server, name, identity string) bench.Line {
	t.Helper()
	token, err := livekit.Key{Key: server.Key, Secret: server.Secret}.MintSpeaker(name, identity, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	line, err := livekit.Voice{}.Call(ctx, bench.Room{URL: server.URL, Name: name, Token: token},
		bench.JoinOptions{Identity: identity, ReconnectTimeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { line.Close() })
	return line
}

// TestLine: a call through a real server. What is measured of our own agent, which is known, is what its log says, and
// the way; and what the agent says of itself is noted beside it.
func TestLine(t *testing.T) {
	server := sandboxtest.Start(t)
	caller, far := speaks(t, server, "call", "caller"), speaks(t, server, "call", "agent")
	ctx, stop := context.WithCancel(t.Context())
	agent := &turn.Agent{Delay: turn.LeastDelay, Greets: true}
	ended := make(chan error, 1)
	go func() { ended <- agent.Serve(ctx, far) }()
	said, err := turn.Load([]string{"stop"})
	if err != nil {
		t.Fatal(err)
	}
	of, turns, err := turn.Call(ctx, caller, turn.Options{Steps: turn.Repeat([]string{"stop"}, 2), Utterances: said,
		Timeout: patience, Rest: 300 * time.Millisecond, Gap: 300 * time.Millisecond, Greeting: patience,
		Presence: patience})
	stop()
	<-ended
	if err != nil {
		t.Fatal(err)
	}
	if of.Agent != "agent" || !of.Greeting.OK || of.Packets == 0 || of.Track.D != turn.Frame {
		t.Errorf("%+v", of)
	}
	for _, one := range turns {
		log, ok := turn.Beside(one, agent.Log())
		t.Logf("%v, the agent says %v", one.Latency.D, log.Took())
		if one.Fate != bench.TurnAnswered || !ok {
			t.Errorf("%+v", one)
		}
		// No machine is so busy that an answer is heard before it is spoken.
		if one.Ended.Add(one.Latency.D).Before(log.Spoke.Add(-time.Millisecond)) {
			t.Errorf("an answer of %v is heard at %v", log.Spoke, one.Ended.Add(one.Latency.D))
		}
	}
	f := caller.Facts()
	if f.Transport != bench.Turn || len(f.ICE) == 0 {
		t.Errorf("%+v", f)
	}
	caller.Close()
	far.Close()
	if _, err := caller.Speak([]byte{0xf8, 0xff, 0xfe}, 0); err == nil {
		t.Error("a line that is closed speaks")
	}
	benchtest.NoLeak(t)
}

// TestLineEnds: a room that ends ends the line, with a reason.
func TestLineEnds(t *testing.T) {
	server := sandboxtest.Start(t)
	line := speaks(t, server, "ends", "caller")
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := (livekit.Key{Key: server.Key, Secret: server.Secret}).DeleteRoom(ctx, server.URL, "ends"); err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := line.Hear(ctx); err != nil {
			if ctx.Err() != nil {
				t.Error("the line does not see that its room is gone")
			}
			t.Log(err)
			return
		}
	}
}
