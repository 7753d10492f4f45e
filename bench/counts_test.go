package bench_test

import (
	"reflect"
	"strings"
	"testing"

	"rtcbench/bench"
)

// Each count is described once, by words that are known, and can be reached by its description.
func TestCountsAreDescribed(t *testing.T) {
	var c bench.Counts
	keys := map[string]bool{}
	for i, x := range bench.CountList {
		*x.Of(&c) = i + 1
		if x.Key == "" || keys[x.Key] {
			t.Errorf("count %d: %+v", i, x)
		}
		keys[x.Key] = true
	}
	v := reflect.ValueOf(c)
	if v.NumField() != len(bench.CountList) {
		t.Errorf("%d fields, %d descriptions", v.NumField(), len(bench.CountList))
	}
	for i := range v.NumField() {
		for _, word := range strings.Fields(v.Type().Field(i).Tag.Get("is")) {
			if !strings.Contains(" fate always summed later ", " "+word+" ") {
				t.Errorf("%s: the word %q means nothing", v.Type().Field(i).Name, word)
			}
		}
		if n := v.Field(i).Int(); n != int64(i+1) {
			t.Errorf("%s is %d, want %d", v.Type().Field(i).Name, n, i+1)
		}
	}
	// What follows from the samples is what Tally counts, and no more.
	var told bench.Counts
	for o := bench.Unsettled; o <= bench.NotSent; o++ {
		told.Tally([]bench.Sample{{Outcome: o}})
	}
	for _, x := range bench.CountList {
		if n := *x.Of(&told); n > 0 != x.Fate {
			t.Errorf("%s: Tally counted %d; described as of the samples: %v", x.Key, n, x.Fate)
		}
	}
}
