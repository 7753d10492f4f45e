package bench_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"rtcbench/bench"
)

// ways is a run over two ways of these delays, answered by an echo whose clock is offset ahead; a negative delay up
// loses the ping, a negative one down its pong.
func ways(offset time.Duration, every time.Duration, up, down []time.Duration) bench.Run {
	r := bench.Run{Plan: bench.Plan{Count: len(up), Cooldown: every, Timeout: time.Second},
		Clocks: bench.UnknownOffsets, Ways: bench.Ways{Known: true}}
	for i := range up {
		at := time.Duration(i) * every
		s := bench.Sample{Seq: uint32(i + 1), Due: at, Sent: at, Outcome: bench.Answered, Stamped: true, Hold: ms,
			Up: up[i] + offset, RTT: up[i] + ms + down[i]}
		if up[i] < 0 || down[i] < 0 {
			s = bench.Sample{Seq: s.Seq, Due: at, Sent: at, Outcome: bench.Lost, Reason: bench.OnWayDown}
			r.Ways.Down++
			if up[i] < 0 {
				s.Reason, r.Ways.Up, r.Ways.Down = bench.OnWayUp, r.Ways.Up+1, r.Ways.Down-1
			}
		}
		r.Samples = append(r.Samples, s)
	}
	r.Counts.Tally(r.Samples)
	return r
}

// TestVariationOfEachWay: what a jitter buffer sees is known of each way by itself, although nobody knows the clocks.
func TestVariationOfEachWay(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	up, down := make([]time.Duration, 1000), make([]time.Duration, 1000)
	for i, p := range rng.Perm(1000) { // 0 … 9.99 ms up, in any order; all the same down
		up[i], down[i] = 30*ms+time.Duration(p)*10*time.Microsecond, 50*ms
	}
	s := bench.Summarise(ways(time.Hour, 20*ms, up, down))
	// The forty packets that nobody can tell from a clock that drifts are not the variation of a way.
	near := func(q bench.Quantity, want time.Duration) bool { return q.OK && (q.D-want).Abs() < 50*time.Microsecond }
	if v := s.Up; v.Packets != 1000 || !near(v.Buffer1, 9890*time.Microsecond) ||
		!near(v.Buffer01, 9980*time.Microsecond) || !near(v.PDV.Max, 9990*time.Microsecond) || v.Reordered != 0 {
		t.Errorf("up: %+v", v)
	}
	if v := s.Down; v.Packets != 1000 || !near(v.PDV.Max, 0) || !near(v.Buffer1, 0) || !near(v.JitterRTP, 0) {
		t.Errorf("down: %+v", v)
	}
}

// TestOrderOfEachWay: a packet that is overtaken on one way is no matter of the other.
func TestOrderOfEachWay(t *testing.T) {
	up, down := slices.Repeat([]time.Duration{10 * ms}, 20), slices.Repeat([]time.Duration{10 * ms}, 20)
	up[4] = 75 * ms    // overtaken by the three after it
	down[10] = 35 * ms // by one
	down[15] = -1
	s := bench.Summarise(ways(0, 20*ms, up, down))
	if s.Up.Reordered != 1 || s.Up.Extent != 3 || s.Down.Reordered != 1 || s.Down.Extent != 1 || s.Down.Packets != 19 {
		t.Errorf("up %+v\ndown %+v", s.Up, s.Down)
	}
}

// TestBurstsOfEachWay: a pong that was lost takes nothing from the way up, and a ping that was lost was never on the
// way down.
func TestBurstsOfEachWay(t *testing.T) {
	up, down := slices.Repeat([]time.Duration{10 * ms}, 20), slices.Repeat([]time.Duration{10 * ms}, 20)
	up[2], up[3], down[4], up[5], down[12] = -1, -1, -1, -1, -1
	r := ways(0, 20*ms, up, down)
	b := bench.Summarise(r).Bursts
	if b.RoundTrip.Periods != 2 || b.RoundTrip.Longest != 4 || b.RoundTrip.Distance != 7 || b.RoundTrip.Lost != 5 {
		t.Errorf("%+v", b.RoundTrip)
	}
	if !b.Known || b.Up.Periods != 2 || b.Up.Longest != 2 || b.Up.Packets != 20 || b.Down.Lost != 2 ||
		b.Down.Packets != 17 || b.Down.Distance != 7 {
		t.Errorf("up %+v\ndown %+v", b.Up, b.Down)
	}
	r.Samples[4].Reason = bench.NoReason // it may have been on either way
	if b := bench.Summarise(r).Bursts; b.Known || b.Up.Packets != 0 || b.RoundTrip.Lost != 5 {
		t.Errorf("one is not known: %+v", b)
	}
	b = bench.Summarise(ways(0, 20*ms, up[10:12], down[10:12])).Bursts
	if b.RoundTrip.Lost != 0 || b.RoundTrip.Ratio != 0 {
		t.Errorf("nothing was lost: %+v", b)
	}
}
