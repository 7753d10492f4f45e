package bench_test

import (
	"math"
	"testing"

	"rtcbench/bench"
)

// TestLimits: a value at a limit keeps it, the next one above breaks it.
func TestLimits(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range bench.Criteria() {
		if seen[c.Code] || c.What == "" || c.Unit == "" || !(c.Doubtful < bench.Never || c.Invalid < bench.Never) {
			t.Errorf("%+v", c)
		}
		seen[c.Code] = true
		for _, limit := range []struct {
			value   float64
			verdict bench.Verdict
		}{{c.Doubtful, bench.Doubtful}, {c.Invalid, bench.Invalid}} {
			if limit.value == bench.Never {
				if g, ok := c.Break(math.MaxFloat64); ok && g.Verdict == limit.verdict {
					t.Errorf("%s: %s, which it never is", c.Code, g.Verdict)
				}
				continue
			}
			if g, ok := c.Break(limit.value); ok && g.Verdict == limit.verdict {
				t.Errorf("%s: %v %s is at the limit, and %s", c.Code, limit.value, c.Unit, g.Verdict)
			}
			if g, ok := c.Break(math.Nextafter(limit.value, math.Inf(1))); !ok || g.Verdict != limit.verdict ||
				g.Limit != limit.value || g.Unit != c.Unit {
				t.Errorf("%s: just above %v %s: %+v, want %s", c.Code, limit.value, c.Unit, g, limit.verdict)
			}
		}
	}
}
