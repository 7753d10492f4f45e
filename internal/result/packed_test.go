package result

import (
	"bytes"
	"encoding/json"
	"maps"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
)

func packed(t *testing.T, run bench.Run) Packed {
	t.Helper()
	p, err := Pack(bench.NewRecord(run))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func near(a, b time.Duration) bool { return (a - b).Abs() <= tick }

func TestPackedRunComesBack(t *testing.T) {
	for name, run := range benchtest.Runs() {
		p := packed(t, run)
		back, err := p.Run()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if len(back.Samples) != len(run.Samples) {
			t.Fatalf("%s: %d samples of %d", name, len(back.Samples), len(run.Samples))
		}
		for i, got := range back.Samples {
			want := run.Samples[i]
			if !near(got.Due, want.Due) || !near(got.Sent-got.Due, want.Sent-want.Due) ||
				!near(got.SendCall, want.SendCall) || !near(got.RTT, want.RTT) || !near(got.Hold, want.Hold) ||
				!near(got.Up, want.Up) {
				t.Fatalf("%s: %+v became %+v", name, want, got)
			}
			got.Due, got.Sent, got.SendCall, got.RTT, got.Hold, got.Up = want.Due, want.Sent, want.SendCall, want.RTT,
				want.Hold, want.Up
			if got != want {
				t.Fatalf("%s: %+v became %+v", name, want, got)
			}
		}
		p.Samples = nil
		lean, err := p.Run()
		if err != nil || lean.Kept == nil || !lean.Histogram().Equal(run.Histogram()) {
			t.Fatalf("%s without samples: %v", name, err)
		}
		want, got := bench.Summarise(run), bench.Summarise(lean)
		want.RTTs, want.LateRTTs = nil, nil
		if got.P50 != want.P50 || got.P99CI != want.P99CI || got.Loss != want.Loss || got.Jitter != want.Jitter ||
			got.OneWay.Up.P50 != want.OneWay.Up.P50 || !reflect.DeepEqual(got.Doubts, want.Doubts) {
			t.Errorf("%s: the summary was\n%+v, is\n%+v", name, want, got)
		}
	}
}

// TestPackedSize: what the docs promise, on a path with more jitter than most.
func TestPackedSize(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	run := benchtest.Run(1000)
	for i := range run.Samples {
		if s := &run.Samples[i]; s.Outcome == bench.Answered {
			s.SendCall = 20*time.Microsecond + time.Duration(rng.ExpFloat64()*30e3)
			s.Hold = 15*time.Microsecond + time.Duration(rng.ExpFloat64()*20e3)
			s.RTT += time.Duration(rng.ExpFloat64() * 8e6)
			s.Up += time.Duration(rng.ExpFloat64() * 4e6)
		}
	}
	size := float64(len(packed(t, run).Samples)) / float64(len(run.Samples))
	t.Logf("%.1f bytes a sample", size)
	if size > 12 {
		t.Errorf("%.1f bytes a sample, want at most 12", size)
	}
}

func FuzzUnpack(f *testing.F) {
	p, _ := Pack(bench.NewRecord(benchtest.Run(20)))
	f.Add(p.Samples)
	f.Fuzz(func(t *testing.T, data []byte) {
		samples, err := unpackSamples(data, 21)
		if err != nil {
			return
		}
		for _, s := range samples {
			if s.Due < 0 && s.Due > math.MinInt64 && s.Outcome > bench.NotSent {
				t.Fatal("an impossible sample")
			}
		}
	})
}

// seeds are runs of every kind.
func seeds() []bench.Run {
	return append(slices.Collect(maps.Values(benchtest.Runs())), benchtest.Sound(20))
}

// FuzzPacked: what a store gives back, damaged anywhere, is an error or a whole run.
func FuzzPacked(f *testing.F) {
	for _, run := range seeds() {
		p, _ := Pack(bench.NewRecord(run))
		f.Add(p.Document, p.Samples, p.Histogram)
		f.Add(p.Document, []byte(nil), p.Histogram)
	}
	f.Fuzz(func(t *testing.T, document, samples, histogram []byte) {
		run, err := Packed{Packed: bench.Packed{Document: document, Samples: samples, Histogram: histogram}}.Run()
		if err != nil || samples == nil && histogram == nil {
			return
		}
		again, err := Pack(bench.NewRecord(run))
		if err != nil {
			t.Fatalf("read, but no store would take it: %v", err)
		}
		if _, err := again.Run(); err != nil {
			t.Fatalf("packed again, it cannot be read: %v", err)
		}
	})
}

// TestPackedAlikeFromMemoryAndFromAFile: a run that goes to a store at once is there what it would be out of the
// outbox.
func TestPackedAlikeFromMemoryAndFromAFile(t *testing.T) {
	for name, run := range benchtest.Runs() {
		// clocks have more digits than files
		run.Start, run.End = run.Start.Add(123*time.Nanosecond), run.End.Add(456*time.Nanosecond)
		run.Place()
		d := NewDocument(bench.NewRecord(run))
		line, err := d.Line()
		if err != nil {
			t.Fatal(err)
		}
		var f File
		if err := json.Unmarshal(line, &f); err != nil {
			t.Fatal(err)
		}
		back, err := f.Run()
		if err != nil {
			t.Fatal(name, err)
		}
		want, err := Pack(bench.NewRecord(back))
		if err != nil {
			t.Fatal(name, err)
		}
		got, err := Pack(d.Record)
		if err != nil {
			t.Fatal(name, err)
		}
		if string(got.Document) != string(want.Document) || !bytes.Equal(got.Samples, want.Samples) ||
			!bytes.Equal(got.Histogram, want.Histogram) {
			t.Errorf("%s:\n%s\nfrom a file\n%s", name, got.Document, want.Document)
		}
	}
}
