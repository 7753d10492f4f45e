package lab

import (
	"math"
	"slices"
	"testing"
	"time"
)

const msec = time.Millisecond

func TestLineIsExact(t *testing.T) {
	type packet struct {
		at   time.Duration
		size int
		want time.Duration // when it leaves; -1 = the queue was full
	}
	rate := Way{Delay: 5 * msec, Rate: 8e6, Queue: 3000} // a byte a microsecond
	for name, test := range map[string]struct {
		way     Way
		packets []packet
	}{
		"nothing is added": {Way{}, []packet{{0, 100, 0}, {7 * msec, 1500, 7 * msec}}},
		"a delay": {Way{Delay: 20 * msec},
			[]packet{{0, 100, 20 * msec}, {msec, 100, 21 * msec}}},
		"a rate spreads what comes at once": {rate,
			[]packet{{0, 1000, 6 * msec}, {0, 1000, 7 * msec}, {500 * time.Microsecond, 500, 7500 * time.Microsecond}}},
		"a queue is empty again after a while": {rate, []packet{{0, 1000, 6 * msec}, {10 * msec, 1000, 16 * msec}}},
		"what finds no room is lost": {rate, []packet{{0, 1500, 6500 * time.Microsecond}, {0, 1500, 8 * msec},
			{0, 1, -1}, {1500 * time.Microsecond, 1500, 9500 * time.Microsecond}}},
		// 12 Mbit/s into 8 fill 3000 bytes, less the packet, in 6 ms, and then drain at a byte a microsecond.
		"a load fills the queue and lets it drain": {
			Way{Rate: 8e6, Queue: 3000, Load: &Load{Rate: 12e6, On: 6 * msec, Off: 10 * msec}},
			[]packet{{4 * msec, 500, 6500 * time.Microsecond}, {6 * msec, 1, -1}, {8 * msec, 1000, 10 * msec},
				{12 * msec, 100, 12100 * time.Microsecond}, {18 * msec, 100, 18*msec + 1100*time.Microsecond}},
		},
	} {
		l := newLine(test.way, 1, 1)
		for i, p := range test.packets {
			due, fate := l.carry(p.at, p.size)
			switch {
			case p.want < 0:
				if fate != LostQueue {
					t.Errorf("%s: packet %d is %s, due %v", name, i, fate, due)
				}
			case fate != Carried || len(due) != 1 || (due[0]-p.want).Abs() > time.Microsecond:
				t.Errorf("%s: packet %d is %s, due %v, want %v", name, i, fate, due, p.want)
			}
		}
	}
}

func TestLineKeepsOrderButForReordering(t *testing.T) {
	jitter := Jitter{Distribution: Uniform, Mean: 10 * msec, Deviation: 5 * msec}
	inOrder := func(w Way) (overtaken int) {
		l, last := newLine(w, 3, 3), time.Duration(0)
		for i := range 10_000 {
			due, _ := l.carry(time.Duration(i)*msec, 100)
			if due[0] < last {
				overtaken++
			}
			last = due[0]
		}
		return overtaken
	}
	if n := inOrder(Way{Jitter: jitter}); n != 0 {
		t.Errorf("%d packets overtook another", n)
	}
	// A packet that is held back for 8 ms is overtaken by the next.
	if n := inOrder(Way{Reorder: &Reorder{Share: 0.02, Late: 8 * msec}}); n < 150 || n > 250 {
		t.Errorf("%d of 10,000 packets were followed by one that left before them, want 200", n)
	}
}

// Each bound is five standard errors wide.
func TestJitterIsSpreadAsNamed(t *testing.T) {
	const n = 200_000
	for _, d := range []Distribution{Uniform, Normal, Lognormal, Gamma, Pareto} {
		j := Jitter{Distribution: d, Mean: 10 * msec, Deviation: 2 * msec}
		rng := newLine(Way{}, 7, 7).rng
		var sum, squares float64
		values := make([]time.Duration, n)
		for i := range values {
			values[i] = j.draw(rng)
			v := millis(values[i])
			sum, squares = sum+v, squares+v*v
		}
		mean := sum / n
		deviation := math.Sqrt(squares/n - mean*mean)
		if math.Abs(mean-10) > 5*2/math.Sqrt(n) || math.Abs(deviation-2) > 0.08 {
			t.Errorf("%s: mean %.4f, deviation %.4f; want 10, 2", d, mean, deviation)
		}
		slices.Sort(values)
		median, p99 := millis(values[n/2]), millis(values[n*99/100])
		want := map[Distribution][2]float64{ // scipy 1.17.1: ppf(0.5), ppf(0.99)
			Uniform: {10, 10 + math.Sqrt(3)*2*0.98}, Normal: {10, 14.6527}, Lognormal: {9.8058, 15.5442},
			Gamma: {9.8670, 15.2308}, Pareto: {9.3666, 17.7889},
		}[d]
		if math.Abs(median-want[0]) > 0.05 || math.Abs(p99-want[1]) > 0.15 {
			t.Errorf("%s: median %.3f, P99 %.3f; want %.3f, %.3f", d, median, p99, want[0], want[1])
		}
	}
	small := Jitter{Distribution: Gamma, Mean: msec, Deviation: 2 * msec} // a shape below 1
	rng, sum := newLine(Way{}, 8, 8).rng, 0.0
	for range n {
		sum += millis(small.draw(rng))
	}
	if mean := sum / n; math.Abs(mean-1) > 5*2/math.Sqrt(n) {
		t.Errorf("gamma of a small shape: mean %.4f, want 1", mean)
	}
}

func TestLoss(t *testing.T) {
	const n = 200_000
	lost := func(w Way) (single, burst, copies, longest int) {
		l, run := newLine(w, 5, 5), 0
		for i := range n {
			due, fate := l.carry(time.Duration(i)*msec, 100)
			switch fate {
			case Lost:
				single++
			case LostBurst:
				burst++
			}
			if fate == LostBurst {
				run++
			} else {
				run = 0
			}
			longest = max(longest, run)
			if len(due) == 2 {
				copies++
			}
		}
		return
	}
	if s, b, c, _ := lost(Way{Loss: 0.03, Duplicate: 0.01}); math.Abs(float64(s)-6000) > 5*math.Sqrt(6000) || b != 0 ||
		math.Abs(float64(c)-1940) > 5*math.Sqrt(1940) {
		t.Errorf("%d lost, %d in bursts, %d copies; want 6000, 0, 1940", s, b, c)
	}
	// The share of time in the bad state is enter/(enter+leave) = 1/21, of which half is lost.
	s, b, _, longest := lost(Way{Loss: 0.001, Bursts: &Bursts{Loss: 0.5, Enter: 0.01, Leave: 0.2}})
	if want := n / 21.0 / 2; math.Abs(float64(b)-want) > 0.06*want ||
		math.Abs(float64(s)-n*20/21*0.001) > 5*math.Sqrt(190) || longest < 4 {
		t.Errorf("%d lost in bursts, the longest of %d, and %d others; want %.0f and 190", b, longest, s, want)
	}
}

func TestTheSameSeedIsTheSameNetwork(t *testing.T) {
	w := Way{Delay: msec, Jitter: Jitter{Lognormal, 3 * msec, 4 * msec}, Loss: 0.1, Duplicate: 0.1}
	a, b, other := newLine(w, 1, 2), newLine(w, 1, 2), newLine(w, 2, 2)
	differs := false
	for i := range 1000 {
		at := time.Duration(i) * msec
		d1, f1 := a.carry(at, 100)
		d2, f2 := b.carry(at, 100)
		d3, f3 := other.carry(at, 100)
		if f1 != f2 || !slices.Equal(d1, d2) {
			t.Fatalf("packet %d: %v %v and %v %v", i, f1, d1, f2, d2)
		}
		differs = differs || f1 != f3 || !slices.Equal(d1, d3)
	}
	if !differs {
		t.Error("another seed is the same network")
	}
}

// Of what comes to a queue that a load keeps full, as much finds room as leaves it, and it waits for all the queue.
func TestFullQueueUnderLoad(t *testing.T) {
	l := newLine(Way{Rate: 8e6, Queue: 30_000, Load: &Load{Rate: 10e6, On: time.Hour, Off: time.Hour}}, 4, 4)
	const n = 20_000
	carried := 0
	for i := range n {
		at := time.Second + time.Duration(i)*10*msec
		due, fate := l.carry(at, 100)
		switch {
		case fate == Carried && (due[0]-at-30*msec).Abs() < msec/10:
			carried++
		case fate != LostQueue:
			t.Fatalf("packet %d is %s after %v", i, fate, due)
		}
	}
	if want := n * 0.8; math.Abs(float64(carried)-want) > 5*math.Sqrt(n*0.8*0.2) {
		t.Errorf("%d of %d found room, want %.0f", carried, n, want)
	}
}

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
