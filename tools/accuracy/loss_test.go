package main

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/loopback"
	"rtcbench/internal/stats"
)

// lossyWay loses messages with a known probability, each by itself, and remembers which.
type lossyWay struct {
	rng  *rand.Rand
	p    float64
	mu   sync.Mutex
	lost []bool // by the number of the message that its sender sent, from 0
}

func (w *lossyWay) path(n int) []time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lost = append(w.lost, w.rng.Float64() < w.p)
	if w.lost[n] {
		return nil
	}
	return []time.Duration{40 * ms}
}

// truth says where each counted ping was lost. The echo answers in the order in which pings arrive, so that the n-th
// message it sends is the answer to the n-th that arrived.
func truth(run bench.Run, up, down *lossyWay) map[uint32]bench.Reason {
	fate, arrived := map[uint32]bench.Reason{}, 0
	for n, lost := range up.lost {
		reason := bench.OnWayUp
		if !lost {
			if reason = bench.NoReason; down.lost[arrived] {
				reason = bench.OnWayDown
			}
			arrived++
		}
		// before are the warm-up's, behind them control pings
		if i := n - run.Counts.WarmupSent; i >= 0 && i < len(run.Samples) {
			fate[run.Samples[i].Seq] = reason
		}
	}
	return fate
}

// TestDownlinkLoss loses 2 % of the messages on the way down, each by itself, and 1 % on the way up, which is none of
// it. A run of 1,000 pings holds when
//
//   - what was injected, 2 %, lies in the Clopper–Pearson 95 % interval of k of n, where k is the pings that the run
//     calls lost on the way down, and n those that it does not call lost on the way up or nobody knows where: the
//     pongs that were sent; and
//   - k/n lies in the same interval of what the path did lose of them, as it wrote down itself.
//
// The first holds in 95 runs of 100 or more if nothing is wrong but chance. Beside both, the fate of each ping is held
// against the truth.
func TestDownlinkLoss(t *testing.T) {
	t.Parallel()
	const sent, loss, lossUp = 1000, 0.02, 0.01
	began, n := time.Now(), count(10, 100)
	y := tally{What: "loss on the way down of the lossy channel lies in the Clopper–Pearson 95 % interval " +
		"of the injected 2 %", Of: n, Want: n * 9 / 10}
	known, written, misplaced, unknown, dropped := 0, 0, 0, 0, 0
	for seed := range uint64(n) {
		up := &lossyWay{rng: rand.New(rand.NewPCG(seed, 1)), p: lossUp}
		down := &lossyWay{rng: rand.New(rand.NewPCG(seed, 2)), p: loss}
		run := measure(t, plan(sent), func() (ping, pong loopback.Path) { return up.path, down.path })[0]

		reached, lost := 0, 0
		fate := truth(run, up, down)
		for _, s := range run.Samples {
			if want := fate[s.Seq]; s.Outcome != bench.Answered && s.Outcome != bench.Lost || s.Reason != want {
				misplaced++
			}
			if fate[s.Seq] != bench.OnWayUp {
				reached++
			}
			if fate[s.Seq] == bench.OnWayDown {
				lost++
			}
		}
		k, of := run.Ways.Down, run.Counts.Settled()-run.Ways.Up-run.Ways.Unknown
		lo, hi, ok := stats.ClopperPearson(k, of)
		first := run.Ways.Known && ok && lo <= loss && loss <= hi
		lo, hi, ok = stats.ClopperPearson(lost, reached)
		ratio := float64(k) / float64(of)
		second := run.Ways.Known && ok && lo <= ratio && ratio <= hi
		if first {
			known++
		}
		if second {
			written++
		}
		if first && second {
			y.Hold++
		}
		unknown += run.Ways.Unknown
		dropped += lost
	}
	y.Detail = fmt.Sprintf("2 %% in the interval of what was measured %d, what was measured in that of what the path "+
		"lost %d times", known, written)
	tell(t, began, y)
	tell(t, began, tally{
		What: "each ping of those runs has the fate that the path gave it", Of: sent * n, Want: sent * n,
		Hold:   sent*n - misplaced,
		Detail: fmt.Sprintf("%d lost on the way down, %d lost nobody knows where", dropped, unknown),
	})
}
