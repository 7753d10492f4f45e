package stats

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

func TestBufferLosesWhatItIsSaidTo(t *testing.T) {
	var d []time.Duration
	for i := range 1000 { // 40 ms and 0 … 999 ms more, in any order
		d = append(d, 40*ms+time.Duration((i*617)%1000)*ms)
	}
	sorted := Sorted(d)
	for share, want := range map[float64]time.Duration{0.01: 989 * ms, 0.001: 998 * ms, 0.5: 499 * ms} {
		wait, ok := Buffer(sorted, share)
		late := 0
		for _, x := range d {
			if x-sorted[0] > wait {
				late++
			}
		}
		if !ok || wait != want || late != int(share*1000) {
			t.Errorf("%v: %v, %v, want %v; it loses %d", share, wait, ok, want, late)
		}
	}
	if wait, ok := Buffer(sorted[:300], 0.01); !ok || wait != 296*ms {
		t.Errorf("three of 300: %v, %v", wait, ok)
	}
	for n, share := range map[int]float64{99: 0.01, 999: 0.001, 0: 0.5, 1: 1} {
		if wait, ok := Buffer(sorted[:n], share); ok {
			t.Errorf("%v of %d packets: %v", share, n, wait)
		}
	}
}

// Orders worked out by hand, and any others against the definitions of RFC 4737, computed without a short cut.
func TestReordering(t *testing.T) {
	for _, x := range []struct {
		sent              []uint32
		reordered, extent int
	}{
		{nil, 0, 0},
		{[]uint32{1, 2, 3, 7, 9}, 0, 0},          // what is missing is no matter of order
		{[]uint32{1, 2, 4, 3, 5}, 1, 1},          // 3 after 4
		{[]uint32{1, 2, 5, 3, 4, 6}, 2, 2},       // 3 and 4 after 5
		{[]uint32{2, 3, 4, 5, 1}, 1, 4},          // 1 after all others
		{[]uint32{1, 4, 3, 5, 2, 6}, 2, 3},       // 2 belongs before 4
		{[]uint32{5, 4, 3, 2, 1}, 4, 4},          // backwards
		{[]uint32{0, 1, 4294967295, 2}, 1, 1},    // the highest number
		{[]uint32{10, 30, 20, 40, 35, 25}, 3, 4}, // 25 belongs before 30
	} {
		if n, e := Reordering(x.sent); n != x.reordered || e != x.extent {
			t.Errorf("%v: %d reordered by up to %d, want %d, %d", x.sent, n, e, x.reordered, x.extent)
		}
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		sent := make([]uint32, rng.IntN(60))
		for i, p := range rng.Perm(len(sent)) {
			sent[i] = uint32(p)
		}
		count, extent := 0, 0
		for i := range sent {
			for j := range i {
				if sent[j] > sent[i] {
					count, extent = count+1, max(extent, i-j)
					break
				}
			}
		}
		if n, e := Reordering(sent); n != count || e != extent {
			t.Fatalf("%v: %d, %d; by the definition %d, %d", sent, n, e, count, extent)
		}
	}
}

// losses reads a picture: x is lost.
func losses(picture string) (list []bool) {
	for _, c := range strings.ReplaceAll(picture, " ", "") {
		list = append(list, c == 'x')
	}
	return list
}

// The last is the sample that RFC 3357 works through: the loss distances 3, 2, 2 and 1, the periods of 1, 1, 1 and 2.
func TestBursts(t *testing.T) {
	for _, x := range []struct {
		picture string
		want    Bursts
	}{
		{"", Bursts{}},
		{"....", Bursts{Packets: 4}},
		{"xxxx", Bursts{Packets: 4, Lost: 4, Periods: 1, Mean: 4, Longest: 4}},
		{".x..", Bursts{Packets: 4, Lost: 1, Periods: 1, Mean: 1, Longest: 1, Ratio: 0.75}},
		{"x..xxx..x.", Bursts{Packets: 10, Lost: 5, Periods: 3, Mean: 5.0 / 3, Longest: 3, Distance: 3,
			Ratio: 5.0 / 6}},
		{"xx........ xx...", Bursts{Packets: 15, Lost: 4, Periods: 2, Mean: 2, Longest: 2, Distance: 9,
			Ratio: 2 * 11.0 / 15}},
		{".x..x.x.xx", Bursts{Packets: 10, Lost: 5, Periods: 4, Mean: 1.25, Longest: 2, Distance: 2, Ratio: 0.625}},
	} {
		got := NewBursts(losses(x.picture))
		if math.Abs(got.Ratio-x.want.Ratio) < 1e-12 {
			got.Ratio = x.want.Ratio
		}
		if got != x.want {
			t.Errorf("%q:\n%+v, want\n%+v", x.picture, got, x.want)
		}
	}
}

// Random losses have a burst ratio of 1, whatever their rate; those of Gilbert's model that of their mean length.
func TestBurstRatio(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, rate := range []float64{0.01, 0.1, 0.4} {
		lost := make([]bool, 400_000)
		for i := range lost {
			lost[i] = rng.Float64() < rate
		}
		if r := NewBursts(lost).Ratio; math.Abs(r-1) > 0.03 {
			t.Errorf("random losses of %v: %v", rate, r)
		}
	}
	lost, bad := make([]bool, 400_000), false
	for i := range lost { // a burst begins with 1 %, and ends with 25 %: four packets in the mean, 1/26 of all lost
		if bad {
			bad = rng.Float64() >= 0.25
		} else {
			bad = rng.Float64() < 0.01
		}
		lost[i] = bad
	}
	if r, want := NewBursts(lost).Ratio, 4*25.0/26; math.Abs(r-want) > 0.1 {
		t.Errorf("bursts of four: %v, want %v", r, want)
	}
}
