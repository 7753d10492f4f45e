package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/audio"
	"rtcbench/internal/echo"
	"rtcbench/internal/loopback"
	"rtcbench/internal/recorder"
	"rtcbench/internal/report"
)

// equals are the platforms that a `both` measures at one time.
var equals = []string{"daily", "livekit"}

// inAudio measures by audio packets over two networks at one time, as `rtcbench both --channel audio` does.
func inAudio(t *testing.T, over ...network) (records []bench.Record) {
	t.Helper()
	plan := plan(pings)
	plan.Class, plan.Cooldown, plan.Timeout = bench.RTPAudio, audio.Frame, time.Second
	runs, errs := make([]bench.Run, len(over)), make([]error, len(over))
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var all sync.WaitGroup
		for i, network := range over {
			there, back := network()
			platform := &loopback.Transport{Paths: map[string]loopback.Path{"runner": there, "echo": back}}
			var seats [2]bench.Session
			for s, identity := range []string{"echo", "runner"} {
				seat, err := platform.Join(ctx, bench.Room{Name: "room"}, bench.JoinOptions{Identity: identity,
					Class: bench.RTPAudio})
				if err != nil {
					t.Fatal(err)
				}
				defer seat.Close()
				seats[s] = seat
			}
			go echo.Answer(ctx, seats[0], bench.NewClock())
			all.Go(func() {
				runs[i], errs[i] = audio.Prober{Session: seats[1], Clock: bench.NewClock(),
					Machine: recorder.Machine{Proc: fstest.MapFS{}}}.Probe(ctx, plan, nil)
			})
		}
		all.Wait()
	})
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	for i, run := range runs {
		if run.Ended != bench.Complete {
			t.Fatalf("the run ended: %s, %v", run.Ended, run.Err)
		}
		run.Platform = equals[i%len(equals)]
		run.Facts.Transport = bench.RTPAudio
		run.Facts.Audio = []bench.AudioLeg{{Leg: bench.Publisher, Codec: "audio/opus"}}
		records = append(records, bench.NewRecord(run))
	}
	return records
}

// TestBothOfEquals: two equal platforms that are measured at one time by audio packets differ in nothing, and nothing
// is to be shown. Where one is 5 ms farther away, that is found: a test that never sees a difference proves nothing.
func TestBothOfEquals(t *testing.T) {
	for i, name := range scenarios("transatlantic", "lossy-wifi") {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			began, n, s := time.Now(), count(10, 100), scenario(t, name)
			y := tally{Of: n, Want: n * 9 / 10,
				What: "both --channel audio on equal platforms in " + name + ` says "no difference shown"`}
			unlike, held, farther := 0, 0, 0
			for pair := range uint64(n) {
				seed := uint64(i+1)<<40 | pair<<1
				r := inAudio(t, in(s, seed), in(s, seed|1))
				c := report.Compare(r[0], r[1])
				if strings.HasPrefix(c.Verdict, "no difference shown") {
					y.Hold++
				}
				if !c.Alike || !c.Paired {
					unlike++
				}
				if d := c.MedianDiff; d != nil && d.CI95[0] <= 0 && 0 <= d.CI95[1] {
					held++
				}
				if pair%10 == 0 {
					far := s
					far.RunnerSFU.Up.Delay += 5 * ms
					r = inAudio(t, in(s, seed), in(far, seed|1))
					if strings.HasPrefix(report.Compare(r[0], r[1]).Verdict, "daily faster") {
						farther++
					}
				}
			}
			y.Detail = fmt.Sprintf("0 in the 95 %% interval of P50 %d times; 5 ms more on one side found %d of %d "+
				"times", held, farther, (n+9)/10)
			if unlike > 0 {
				t.Errorf("%d of %d were not compared as like, slot by slot", unlike, n)
			}
			if name == "transatlantic" && farther == 0 {
				t.Error("5 ms more on one side were never found")
			}
			tell(t, began, y)
		})
	}
}
