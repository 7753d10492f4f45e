package result

import (
	"encoding/json"
	"testing"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
)

// Each statistic is described, has one value of the run, and comes back out of a file.
func TestStatisticsAreDescribed(t *testing.T) {
	r := bench.NewRecord(benchtest.Run(400))
	told := StatisticsOf(r)
	data, err := json.Marshal(told)
	if err != nil {
		t.Fatal(err)
	}
	var keys map[string]float64
	if err := json.Unmarshal(data, &keys); err != nil {
		t.Fatal(err)
	}
	var back bench.Summary
	told.tell(&back)
	for _, x := range StatisticList {
		if v, ok := x.In(told); !ok || keys[x.Key] != v {
			t.Errorf("%+v: %v, %v; the file has %v", x, v, ok, keys[x.Key])
		}
		if q := x.Of(&r.Summary); q != nil && (*x.Of(&back) != *q || x.Unit != "ms") {
			t.Errorf("%s, in %s: %v, and came back as %v", x.Key, x.Unit, *q, *x.Of(&back))
		}
	}
	if len(keys) != len(StatisticList) || len(told.Figures()) != len(StatisticList) {
		t.Errorf("%d keys, %d figures, %d described", len(keys), len(told.Figures()), len(StatisticList))
	}
}
