package main

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/echo"
	"rtcbench/internal/lab"
	"rtcbench/internal/loopback"
	"rtcbench/internal/ping"
)

const ms = time.Millisecond

// plan is what the commands do when no flag is given, but for the count, on the lossy channel: the loopback sends
// nothing again, so that a lost message is lost.
func plan(pings int) bench.Plan {
	return bench.Plan{
		Count: pings, Cooldown: 100 * ms, Timeout: 5 * time.Second, Warmup: 5,
		EchoTimeout: 10 * time.Second, ReconnectTimeout: 10 * time.Second, Class: bench.DataChannelLossy,
	}
}

// network makes the two ways of one run, when it begins.
type network func() (ping, pong loopback.Path)

// measure carries out p over each network, one run after another in one fake time.
func measure(t *testing.T, p bench.Plan, over ...network) (runs []bench.Run) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		for _, n := range over {
			runs = append(runs, probe(t, p, n))
		}
	})
	return runs
}

func probe(t *testing.T, p bench.Plan, n network) bench.Run {
	t.Helper()
	return answered(t, p, n, bench.NewClock())
}

// answered is a run whose echo has that clock.
func answered(t *testing.T, p bench.Plan, n network, clock bench.Clock) bench.Run {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	there, back := n()
	platform := &loopback.Transport{Paths: map[string]loopback.Path{"runner": there, "echo": back}}
	join := func(identity string) bench.Session {
		s, err := platform.Join(ctx, bench.Room{Name: "room"}, bench.JoinOptions{Identity: identity, Class: p.Class})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	e, runner := join("echo"), join("runner")
	defer e.Close()
	defer runner.Close()
	go echo.Answer(ctx, e, clock)
	run, err := ping.NewProber(runner, bench.NewClock()).Probe(ctx, p, nil)
	if err != nil || run.Ended != bench.Complete {
		t.Fatalf("the run ended: %s, %v", run.Ended, err)
	}
	return run
}

// pingSize is about what a ping is on the wire: its JSON, LiveKit's envelope, SCTP, DTLS, UDP and IP.
const pingSize = 350

// in is a run in a scenario of the lab, which has been going on for up to a minute when the run begins.
func in(s lab.Scenario, seed uint64) network {
	return func() (ping, pong loopback.Path) {
		up, down := s.Hops(seed)
		since := time.Duration(rand.New(rand.NewPCG(seed, 99)).Int64N(int64(time.Minute)))
		begin := time.Now().Add(-since)
		along := func(h *lab.Hops) loopback.Path {
			last := time.Duration(-1)
			var mu sync.Mutex // audio's fillers come from another goroutine than its pings
			return func(int) []time.Duration {
				mu.Lock()
				defer mu.Unlock()
				now := time.Since(begin)
				delays := h.Carry(now, pingSize)
				for i, d := range delays { // of one instant, the scheduler would choose which comes first
					last = max(last+1, now+d)
					delays[i] = last - now
				}
				return delays
			}
		}
		return along(up), along(down)
	}
}

// scenario is one that comes with the lab.
func scenario(t *testing.T, name string) lab.Scenario {
	t.Helper()
	s, err := lab.LoadScenario(name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
