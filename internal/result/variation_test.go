package result

import (
	"testing"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
)

// TestVariationIsKept: a file without its pings, as some stores keep it, tells the same of both ways as one with them.
func TestVariationIsKept(t *testing.T) {
	record := bench.NewRecord(benchtest.Run(400))
	if record.Summary.Up.Packets == 0 || !record.Summary.Bursts.Known || record.Summary.Bursts.RoundTrip.Lost == 0 {
		t.Fatalf("an example without variation and bursts: %+v", record.Summary)
	}
	f, err := New(record)
	if err != nil {
		t.Fatal(err)
	}
	f.Measurements, f.Details.LateRTT, f.Details.Samples = nil, nil, Samples{}
	run, err := f.Run()
	if err != nil || run.Kept == nil {
		t.Fatalf("%v, kept %v", err, run.Kept)
	}
	got, want := run.Kept.Summary, record.Summary
	if got.Up != want.Up || got.Down != want.Down || got.Bursts != want.Bursts {
		t.Errorf("kept\n%+v\n%+v\n%+v, want\n%+v\n%+v\n%+v", got.Up, got.Down, got.Bursts, want.Up, want.Down,
			want.Bursts)
	}
}
