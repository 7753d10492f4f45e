package voice

import (
	"math"
	"testing"
	"time"
)

// TestRatingIsG107s: with all defaults R is 93.2, which G.107 names; the other values are of its formulae, computed
// apart from this program.
func TestRatingIsG107s(t *testing.T) {
	for _, x := range []struct {
		ms     int
		r, mos float64
	}{
		{0, 93.2, 4.41}, {20, 92.5, 4.40}, {50, 91.8, 4.38}, {100, 90.7, 4.36}, {150, 89.5, 4.33}, {200, 85.8, 4.22},
		{250, 79.2, 3.99}, {300, 72.7, 3.72}, {400, 62.2, 3.22},
	} {
		r := Impairment{Delay: time.Duration(x.ms) * time.Millisecond, BurstR: 1}.R()
		if math.Abs(r-x.r) > 0.05 || math.Abs(MOS(r)-x.mos) > 0.006 {
			t.Errorf("%d ms: R %.3f, MOS %.3f; want %v, %v", x.ms, r, MOS(r), x.r, x.mos)
		}
	}
}

// TestLossIsG107s: 1 % of loss at 50 ms, for codecs that are unlike robust, and with bursts.
func TestLossIsG107s(t *testing.T) {
	at := func(i Impairment) float64 {
		i.Delay = 50 * time.Millisecond
		return i.R()
	}
	for bpl, want := range map[float64]float64{4.3: 73.8, 10: 83.1, 25.1: 88.1} {
		if r := at(Impairment{Loss: 1, BurstR: 1, Bpl: bpl}); math.Abs(r-want) > 0.05 {
			t.Errorf("Bpl %v: R %.3f, want %v", bpl, r, want)
		}
	}
	// Ie,eff = 11 + (95 − 11) · 2 / (2 / 2 + 19) = 19.4
	if d := at(Impairment{BurstR: 1}) - at(Impairment{Loss: 2, BurstR: 2, Ie: 11, Bpl: 19}); math.Abs(d-19.4) > 1e-9 {
		t.Errorf("the codec takes %v, want 19.4", d)
	}
	if d := at(Impairment{BurstR: 1}) - at(Impairment{BurstR: 1, Ie: 7}); math.Abs(d-7) > 1e-9 {
		t.Errorf("without loss the codec takes %v, want 7", d)
	}
}

func TestOpinionScores(t *testing.T) {
	for r, want := range map[float64]float64{-5: 1, 0: 1, 50: 2.58, 60: 3.10, 70: 3.60, 80: 4.03, 90: 4.34, 100: 4.5,
		130: 4.5} {
		if got := MOS(r); math.Abs(got-want) > 0.0065 { // R 90, 80, 70, 60, 50: G.107, annex B, table B.1
			t.Errorf("R %v: %v, want %v", r, got, want)
		}
	}
	for r := 0.0; r < 10; r += 0.1 {
		if got := MOS(r); got < 1 {
			t.Errorf("R %v: %v", r, got)
		}
	}
}
