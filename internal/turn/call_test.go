package turn

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"rtcbench/bench"
)

func amplitude(dbfs float64) float64 { return math.Pow(10, dbfs/20) }

// builtin are utterances of this program by name.
func builtin(t testing.TB, names ...string) map[string]Utterance {
	t.Helper()
	list := map[string]Utterance{}
	for _, name := range names {
		u, err := Builtin(name)
		if err != nil {
			t.Fatal(err)
		}
		list[name] = u
	}
	return list
}

// converse makes one call to an agent, in fake time.
func converse(t *testing.T, caller, far *way, agent *Agent, steps []Step) (of bench.TurnCall, turns []Turn, err error) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- agent.Serve(ctx, far) }()
	of, turns, err = Call(ctx, caller, Options{Steps: steps,
		Utterances: builtin(t, "short", "medium", "long", "pause", "digits", "stop"),
		Timeout:    15 * time.Second, Rest: time.Second, Gap: 300 * time.Millisecond, Greeting: 5 * time.Second,
		Presence: 10 * time.Second})
	stop()
	<-ended
	time.Sleep(time.Minute) // what is still on its way
	return of, turns, err
}

// TestAKnownAgent: what is measured of an agent is what the agent did and what the way took, for each utterance of this
// program, pauses included.
func TestAKnownAgent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		caller, far := newWay(40 * time.Millisecond)
		agent := &Agent{Delay: 800 * time.Millisecond, Greets: true}
		names := []string{"short", "medium", "long", "pause", "digits", "stop"}
		of, turns, err := converse(t, caller, far, agent, Repeat(names, len(names)))
		if err != nil {
			t.Fatal(err)
		}
		log := agent.Log()
		if len(turns) != len(names) || len(log) != len(names) || !of.Greeting.OK || of.Agent != "agent" {
			t.Fatalf("%d turns, %d of the agent's, greeting %v by %q", len(turns), len(log), of.Greeting, of.Agent)
		}
		for i, turn := range turns {
			off := turn.Latency.D - log[i].Took() - 80*time.Millisecond
			t.Logf("%-7s %v, the agent says %v: %v", turn.Said, turn.Latency.D, log[i].Took(), off)
			if turn.Fate != bench.TurnAnswered || off.Abs() > 2*time.Millisecond {
				t.Errorf("%+v: off by %v", turn, off)
			}
			if log[i].Took() < agent.Delay || log[i].Took() > agent.Delay+Frame+look {
				t.Errorf("the agent of %v took %v", agent.Delay, log[i].Took())
			}
		}
		if n := len(turns[3].Caller); n != 2 {
			t.Errorf("the utterance with a pause inside has %d parts", n)
		}
	})
}

// TestFates: an agent that never answers, one that does not wait for the caller's end, and one that is interrupted.
func TestFates(t *testing.T) {
	for name, test := range map[string]struct {
		agent *Agent
		steps []Step
		want  func(bench.TurnFact) bool
	}{
		"mute": {&Agent{Mute: true}, Repeat([]string{"short"}, 2), func(f bench.TurnFact) bool {
			return f.Fate == bench.TurnUnanswered && !f.Latency.OK
		}},
		"hasty": {&Agent{Delay: 250 * time.Millisecond, Patience: 200 * time.Millisecond},
			Repeat([]string{"pause"}, 2), func(f bench.TurnFact) bool {
				return f.Fate == bench.TurnEarly && f.Latency.D < 0 && f.TalkOver.D > 0
			}},
		"interrupted": {&Agent{Delay: 700 * time.Millisecond},
			[]Step{{Say: "short", Waits: true, Interrupt: 350 * time.Millisecond, With: "stop"}},
			func(f bench.TurnFact) bool {
				return f.Fate == bench.TurnAnswered && f.BargeIn.OK && f.BargeIn.D > 0 &&
					f.BargeIn.D < 200*time.Millisecond
			}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				caller, far := newWay(20 * time.Millisecond)
				_, turns, err := converse(t, caller, far, test.agent, test.steps)
				if err != nil || len(turns) != len(test.steps) {
					t.Fatalf("%d turns: %v", len(turns), err)
				}
				for _, turn := range turns {
					if !test.want(turn.TurnFact) {
						t.Errorf("%+v", turn.TurnFact)
					}
				}
			})
		})
	}
}

// TestLostPackets: an answer whose beginning may have been lost is not measured, and says so; one lost packet is told.
func TestLostPackets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		caller, far := newWay(20 * time.Millisecond)
		agent := &Agent{Delay: 700 * time.Millisecond}
		reply := builtin(t, "reply")["reply"]
		begin := -1
		far.loses = func(n int) bool { // the first three audible packets of each answer
			far.mu.Lock()
			defer far.mu.Unlock()
			return begin >= 0 && n >= begin && n < begin+3
		}
		lossy := &first{way: far, at: &begin, packet: reply.Packets[reply.First/frameSamples]}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- agent.Serve(ctx, lossy) }()
		_, turns, err := Call(ctx, caller, Options{Steps: Repeat([]string{"short"}, 1), Utterances: builtin(t, "short"),
			Timeout: 5 * time.Second, Rest: time.Second, Gap: 300 * time.Millisecond, Greeting: time.Second,
			Presence: time.Second})
		stop()
		<-ended
		time.Sleep(time.Minute)
		if err != nil || len(turns) != 1 || turns[0].Fate != bench.TurnNotMeasurable || turns[0].Why == "" {
			t.Fatalf("%+v, %v", turns, err)
		}
		t.Log(turns[0].Why)
	})
}

// first notes when a packet is spoken.
type first struct {
	*way
	at     *int
	packet []byte
}

func (f *first) Speak(packet []byte, samples uint64) (time.Time, error) {
	f.mu.Lock()
	if *f.at < 0 && slices.Equal(packet, f.packet) {
		*f.at = f.n
	}
	f.mu.Unlock()
	return f.way.Speak(packet, samples)
}

// TestNobody: a room in which nobody is.
func TestNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		caller, _ := newWay(0)
		<-caller.heard
		_, _, err := Call(t.Context(), caller, Options{Presence: 3 * time.Second})
		if err == nil || err.Error() != "nobody else is in the room after 3s" {
			t.Error(err)
		}
		time.Sleep(time.Minute)
	})
}

// TestTheAgentHangsUp: an agent that leaves the room ends the call with what was measured, at once, whoever else is
// there; one that leaves in mid-turn has not answered it, and the turn says why.
func TestTheAgentHangsUp(t *testing.T) {
	for name, test := range map[string]struct {
		agent *Agent
		turns int           // that were begun
		left  time.Duration // after the beginning of the call
	}{
		"between turns": {&Agent{Delay: 700 * time.Millisecond}, 1, 8800 * time.Millisecond},
		"in mid-turn":   {&Agent{Mute: true}, 1, 7 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				caller, far := newWay(20 * time.Millisecond)
				caller.heard <- bench.Heard{From: "echo", At: time.Now(), Kind: bench.HeardJoined}
				if test.agent.Mute { // who never spoke is told from an echo by nothing
					caller.heard <- bench.Heard{From: "echo", At: time.Now(), Kind: bench.HeardLeft}
				}
				time.AfterFunc(test.left, func() {
					caller.heard <- bench.Heard{From: "agent", At: time.Now(), Kind: bench.HeardLeft}
				})
				began := time.Now()
				_, turns, err := converse(t, caller, far, test.agent, Repeat([]string{"stop"}, 10))
				took := time.Since(began) - time.Minute // converse waits for so long
				t.Logf("%d turns in %v: %v", len(turns), took, err)
				if err == nil || !strings.HasPrefix(err.Error(), "the agent left the room after ") ||
					took > test.left+5*time.Second {
					t.Errorf("after %v: %v", took, err)
				}
				for i, turn := range turns {
					lost := turn.Fate == bench.TurnUnanswered && turn.Why == "the agent left the room"
					if turn.Fate != bench.TurnAnswered && !lost || lost && i < len(turns)-1 ||
						test.agent.Mute && !lost {
						t.Errorf("%+v", turn.TurnFact)
					}
				}
				if len(turns) < test.turns {
					t.Errorf("%d turns", len(turns))
				}
			})
		})
	}
}

// TestEndlessTalk: an agent that never stops is no agent that answers: each turn says that it cannot be measured.
func TestEndlessTalk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		caller, far := newWay(20 * time.Millisecond)
		ctx, stop := context.WithCancel(t.Context())
		u := builtin(t, "long")["long"]
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			for n := 0; ctx.Err() == nil; n++ {
				from := u.First / frameSamples
				far.Speak(u.Packets[from+n%(u.Last/frameSamples-from)], uint64(n)*frameSamples)
				time.Sleep(Frame)
			}
		}()
		_, turns, err := Call(t.Context(), caller, Options{Steps: Repeat([]string{"stop"}, 2),
			Utterances: builtin(t, "stop"), Timeout: 5 * time.Second, Rest: time.Second, Gap: 300 * time.Millisecond,
			Greeting: time.Second, Presence: time.Second})
		stop()
		<-ended
		time.Sleep(time.Minute)
		if err != nil || len(turns) != 2 {
			t.Fatalf("%d turns, %v", len(turns), err)
		}
		for _, turn := range turns {
			if turn.Fate != bench.TurnNotMeasurable || !strings.Contains(turn.Why, "it speaks on, or there is music") {
				t.Errorf("%+v", turn.TurnFact)
			}
		}
	})
}

// TestTheAgentGoes: a line that ends in the midst of a turn ends the call, and what was measured is there.
func TestTheAgentGoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		caller, far := newWay(0)
		time.AfterFunc(12*time.Second, func() { caller.Close() })
		_, turns, err := converse(t, caller, far, &Agent{Delay: 700 * time.Millisecond}, Repeat([]string{"short"}, 20))
		if err == nil || len(turns) == 0 {
			t.Errorf("%d turns, %v", len(turns), err)
		}
	})
}
