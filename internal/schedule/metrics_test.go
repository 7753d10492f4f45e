package schedule

import (
	"maps"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
)

// TestMetricsHaveEveryCount: each count of the list is in the metrics, once, under its own name.
func TestMetricsHaveEveryCount(t *testing.T) {
	run := benchtest.StoredRun(20, time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC))
	want := map[string]float64{}
	for i, x := range bench.CountList {
		*x.Of(&run.Counts) = 100 + i
		want[x.Key] = 2 * float64(100+i)
	}
	g := newGauges()
	for range 2 {
		g.take(bench.NewRecord(run))
	}
	families, err := g.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, f := range families {
		if name := f.GetName(); name != "rtcbench_pings_total" && name != "rtcbench_counts_total" {
			continue
		}
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if l.GetName() == "fate" || l.GetName() == "count" {
					got[l.GetValue()] += m.GetCounter().GetValue()
				}
			}
		}
	}
	if !maps.Equal(got, want) {
		t.Errorf("%v\nwant\n%v", got, want)
	}
}
