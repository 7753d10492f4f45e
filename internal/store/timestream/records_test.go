package timestream

import (
	"testing"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
)

// TestVerdictIsAMeasure: whoever queries the table without us can leave invalid runs out.
func TestVerdictIsAMeasure(t *testing.T) {
	for name, want := range map[string]string{"complete": "valid", "ended-early": "invalid"} {
		batches, err := recordsOf(bench.NewRecord(benchtest.Runs()[name]))
		if err != nil {
			t.Fatal(err)
		}
		last := batches[len(batches)-1].records
		got := ""
		for _, m := range last[len(last)-1].MeasureValues {
			if *m.Name == "verdict" {
				got = *m.Value
			}
		}
		if got != want {
			t.Errorf("%s: verdict %q, want %q", name, got, want)
		}
	}
}
