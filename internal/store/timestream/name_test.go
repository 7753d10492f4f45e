package timestream

import (
	"testing"

	"rtcbench/bench"
)

// TestSpellingsOfATable: a region in capitals is the same region, and two tables stay two.
func TestSpellingsOfATable(t *testing.T) {
	o := Options{Region: "EU-West-1", Database: "rtcbench", Table: "Runs"}
	if o.Name() != "timestream:eu-west-1/rtcbench/Runs" {
		t.Error(o.Name())
	}
	for other, want := range map[string]bench.Likeness{
		"timestream:EU-WEST-1/rtcbench/Runs": bench.Same, "timestream:eu-west-1/rtcbench/runs": bench.Another,
		"timestream:eu-west-2/rtcbench/Runs": bench.Another, "influxdb:eu-west-1/rtcbench/Runs": bench.Another,
		"timestream:EU-WEST-1": bench.Another,
	} {
		if got := o.Like(other); got != want {
			t.Errorf("%s: %v", other, got)
		}
	}
	s, err := New(t.Context(), o)
	if err != nil || s.String() != o.Name() {
		t.Errorf("%v, %v", s, err)
	}
}
