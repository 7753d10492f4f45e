package bench_test

import (
	"testing"
	"time"

	"rtcbench/bench"
)

const ms = time.Millisecond

func TestAlign(t *testing.T) {
	p := bench.Plan{Cooldown: 100 * ms, Aligned: true, Phase: 50 * ms}
	for unix, want := range map[time.Duration]time.Duration{1000 * ms: 1050 * ms, 1050 * ms: 1050 * ms,
		1051 * ms: 1150 * ms, 1149 * ms: 1150 * ms} {
		if got := p.Align(unix); got != want {
			t.Errorf("%v begins at %v, want %v", unix, got, want)
		}
	}
	p.Aligned = false
	if got := p.Align(1001 * ms); got != 1001*ms {
		t.Errorf("a grid of its own was moved to %v", got)
	}
}
