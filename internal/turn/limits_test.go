package turn

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"rtcbench/bench"
)

// TestLimits: an answer is waited for as long as it is said, the caller is silent before each turn for as long as it is
// said, and so long it waits for a greeting: not shorter, and not longer than a look and a packet.
func TestLimits(t *testing.T) {
	const slack = look + 2*Frame
	for name, limits := range map[string]struct{ timeout, rest, greeting time.Duration }{
		"the answer's time is longer": {3 * time.Second, 700 * time.Millisecond, 5 * time.Second},
		"the silence is longer":       {time.Second, 4 * time.Second, 2 * time.Second},
		"no greeting is waited for":   {time.Second, 500 * time.Millisecond, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				caller, far := newWay(time.Millisecond)
				ctx, stop := context.WithCancel(t.Context())
				served := make(chan error, 1)
				go func() { served <- (&Agent{Mute: true}).Serve(ctx, far) }()
				utterances := builtin(t, "short")
				short := utterances["short"]
				audible := time.Duration(short.Last-short.First) * time.Second / 48000
				around := short.Length() - audible // an utterance has silence of its own before and behind
				begin := time.Now()
				_, turns, err := Call(ctx, caller, Options{Steps: Repeat([]string{"short"}, 3), Utterances: utterances,
					Timeout: limits.timeout, Rest: limits.rest, Greeting: limits.greeting, Gap: 300 * time.Millisecond,
					Presence: time.Second})
				stop()
				<-served
				time.Sleep(time.Minute) // what is still on its way
				if err != nil || len(turns) != 3 {
					t.Fatalf("%d turns: %v", len(turns), err)
				}
				before := begin
				for i, turn := range turns {
					silent := turn.Ended.Add(-audible).Sub(before)
					want := max(limits.timeout, limits.rest)
					if i == 0 {
						want = max(limits.greeting, limits.rest)
					}
					t.Logf("turn %d: silent for %v before it, want %v", i+1, silent, want)
					if silent < want || silent > want+around+slack {
						t.Errorf("turn %d: %v of silence before it, want %v", i+1, silent, want)
					}
					if turn.Fate != bench.TurnUnanswered {
						t.Errorf("turn %d: %+v", i+1, turn.TurnFact)
					}
					before = turn.Ended
				}
			})
		})
	}
}
