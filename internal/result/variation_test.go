package result

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

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

// TestSoundIsKept: what is said of sound itself is in the file, and read back, also where the pings are not kept. A
// file of a run that was not asked for it has nothing of it.
func TestSoundIsKept(t *testing.T) {
	run := benchtest.Sound(200)
	f, err := New(bench.NewRecord(run))
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	var back File
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	back.Measurements, back.Details.LateRTT, back.Details.Samples = nil, nil, Samples{}
	again, err := back.Run()
	if err != nil || !reflect.DeepEqual(again.Media, run.Media) || !again.Plan.Media {
		t.Errorf("%v: %+v, want %+v", err, again.Media, run.Media)
	}
	if s := again.Media.Summary(); s.Said != 2 || s.Heard != 1 || s.P50.D != 310*time.Millisecond ||
		s.Concealed != 0.025 {
		t.Errorf("%+v", s)
	}
	run.Media = nil
	if f, _ = New(bench.NewRecord(run)); f.Details.Media != nil {
		t.Errorf("%+v", f.Details.Media)
	}
}
