package report

import (
	"testing"
	"time"

	"rtcbench/bench"
)

// TestPercentilesAreOfTheSameRuns: of runs that have pings enough for a P99 and runs that have not, a side has none,
// nor has the difference: the median of some runs' P99 may lie below that of all runs' P95.
func TestPercentilesAreOfTheSameRuns(t *testing.T) {
	long, short := runsOn(1, 3, 400, 0), runsOn(2, 3, 100, 30*time.Millisecond)
	for i := range short {
		short[i].Location = "fra"
	}
	silent := runsOn(3, 1, 100, 0)
	for i := range silent[0].Samples {
		silent[0].Samples[i].Outcome = bench.Lost
	}
	for name, x := range map[string]struct {
		runs []bench.Run
		p99  bool
	}{
		"long ones":                {long, true},
		"short ones":               {short, false},
		"both":                     {append(append([]bench.Run{}, long...), short...), false},
		"long ones and a silent":   {append(append([]bench.Run{}, long...), silent...), true},
		"all of them":              {append(append(append([]bench.Run{}, short...), long...), silent...), false},
		"one of each, as a store":  {lean(append(append([]bench.Run{}, short[:1]...), long[:1]...)), false},
		"a long one, as a store":   {lean(long[:1]), true},
		"nothing but a silent one": {silent, false},
	} {
		c := CompareGroups(Group{Runs: records(x.runs)}, Group{Runs: records(runsOn(4, 4, 400, 0))}, Against{})
		if (c.A.P99 != nil) != x.p99 || c.B.P99 == nil {
			t.Errorf("%s: P99 is %v of A and %v of B", name, c.A.P99, c.B.P99)
		}
		if c.P99Diff != nil && c.A.P99 == nil {
			t.Errorf("%s: a difference of P99 of which A has none: %+v", name, c.P99Diff)
		}
		var last float64
		for i, p := range []*float64{c.A.P50, c.A.P95, c.A.P99} {
			if p != nil && *p < last {
				t.Errorf("%s: percentile %d of %v lies below its neighbour", name, i, []float64{*c.A.P50, *c.A.P95, *p})
			}
			if p != nil {
				last = *p
			}
		}
	}
}
