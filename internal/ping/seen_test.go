package ping_test

import (
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/echo"
	"rtcbench/internal/loopback"
	"rtcbench/internal/ping"
)

func TestSeen(t *testing.T) {
	for _, c := range []struct {
		seqs []uint32
		want bench.Seen
	}{
		{nil, bench.Seen{}},
		{[]uint32{0, 0}, bench.Seen{}},
		{[]uint32{1, 2, 3}, bench.Seen{Count: 3, Last: 3, Window: 0b111}},
		{[]uint32{1, 4}, bench.Seen{Count: 2, Last: 4, Window: 0b1001}},
		{[]uint32{4, 1, 1, 4}, bench.Seen{Count: 2, Last: 4, Window: 0b1001}},
		{[]uint32{1, 65}, bench.Seen{Count: 2, Last: 65, Window: 1}},
		{[]uint32{1, 64}, bench.Seen{Count: 2, Last: 64, Window: 1<<63 | 1}},
		{[]uint32{100, 1}, bench.Seen{Count: 2, Last: 100, Window: 1}},
		{[]uint32{7, 4e9}, bench.Seen{Count: 2, Last: 4e9, Window: 1}},
	} {
		var got bench.Seen
		for _, s := range c.seqs {
			got.Note(s)
		}
		if got != c.want {
			t.Errorf("%v: %+v, want %+v", c.seqs, got, c.want)
		}
	}
}

// ways runs a plan over paths that lose what is said, and counts what each path really lost.
func ways(t *testing.T, p bench.Plan, up, down func(n int) bool) (run bench.Run, lostUp, lostDown int) {
	t.Helper()
	p.Class = bench.DataChannelLossy
	synctest.Test(t, func(t *testing.T) {
		tr := &loopback.Transport{}
		var mu sync.Mutex // the two ways are asked by two goroutines
		counted := false  // warm-up is not
		lose := func(lost func(int) bool, count *int) loopback.Path {
			n := 0
			return func(int) []time.Duration {
				mu.Lock()
				defer mu.Unlock()
				if !counted {
					return []time.Duration{ms}
				}
				n++
				if lost(n) {
					*count++
					return nil
				}
				return []time.Duration{ms}
			}
		}
		tr.Paths = map[string]loopback.Path{"runner": lose(up, &lostUp), "echo": lose(down, &lostDown)}
		e, err := tr.Join(t.Context(), bench.Room{Name: "r"}, bench.JoinOptions{Identity: "echo"})
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		go echo.Answer(t.Context(), e, bench.NewClock())
		r, err := tr.Join(t.Context(), bench.Room{Name: "r"}, bench.JoinOptions{Identity: "runner"})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		go func() {
			// after the last of the warm-up, before the first that counts
			time.Sleep(time.Duration(p.Warmup)*p.Cooldown - p.Cooldown/2)
			mu.Lock()
			defer mu.Unlock()
			counted = true
		}()
		if run, err = ping.NewProber(r, bench.NewClock()).Probe(t.Context(), p, nil); err != nil {
			t.Fatal(err)
		}
	})
	return run, lostUp, lostDown
}

// Loss on both ways, at random and in bursts longer than the window: the split is the truth.
func TestWhereLossHappens(t *testing.T) {
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 7))
		burst := func(rate float64, length int) func(int) bool {
			left := 0
			return func(int) bool {
				if left > 0 {
					left--
					return true
				}
				if rng.Float64() < rate {
					left = rng.IntN(length)
					return true
				}
				return false
			}
		}
		p := plan(600)
		up, down := burst(0.05, 3), burst(0.08, 3)
		switch seed % 3 {
		case 1:
			down = burst(0.01, 150) // longer than the window
		case 2:
			up, down = burst(0.01, 100), burst(0.01, 100)
		}
		run, lostUp, lostDown := ways(t, p, up, down)
		// What the control pings lost is in the paths' counts: not more than there were.
		slack := run.Counts.ControlSent
		w := run.Ways
		if !w.Known || w.Up+w.Down+w.Unknown != run.Counts.Lost || w.Up > lostUp || w.Up < lostUp-slack-w.Unknown ||
			w.Down > lostDown || w.Down < lostDown-slack-w.Unknown {
			t.Errorf("seed %d: %+v of %d lost, really %d and %d, %d control pings", seed, w, run.Counts.Lost, lostUp,
				lostDown, slack)
		}
		if w.Unknown > 0 && slack == 0 {
			t.Errorf("seed %d: %+v, and nobody asked", seed, w)
		}
	}
}

// The last pings of a run are lost: a control ping tells where.
func TestTheEndOfARunIsKnown(t *testing.T) {
	p := plan(20)
	run, _, _ := ways(t, p, func(n int) bool { return n >= 18 && n <= 20 }, func(int) bool { return false })
	if w := run.Ways; w.Up != 3 || w.Down != 0 || w.Unknown != 0 || run.Counts.ControlSent != 1 {
		t.Errorf("up: %+v, %d control pings", w, run.Counts.ControlSent)
	}
	run, _, _ = ways(t, p, func(int) bool { return false }, func(n int) bool { return n >= 18 && n <= 20 })
	if w := run.Ways; w.Up != 0 || w.Down != 3 || w.Unknown != 0 || run.Samples[18].Reason != bench.OnWayDown {
		t.Errorf("down: %+v, %v", w, run.Samples[18].Reason)
	}
	// Nothing comes through any more: nobody knows.
	run, _, _ = ways(t, p, func(n int) bool { return n >= 18 }, func(int) bool { return false })
	if w := run.Ways; w.Up != 0 || w.Down != 0 || w.Unknown != 3 || run.Counts.ControlSent < 2 {
		t.Errorf("dead: %+v, %d control pings", w, run.Counts.ControlSent)
	}
	// Without loss nobody asks.
	if run, _, _ = ways(t, p, func(int) bool {
		return false
	}, func(int) bool { return false }); run.Counts.ControlSent != 0 || run.Ways != (bench.Ways{Known: true}) {
		t.Errorf("%+v, %d control pings", run.Ways, run.Counts.ControlSent)
	}
}
