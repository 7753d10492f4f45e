package result

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/voice"
)

// TestVoiceIsKept: what a path means for a voice is in the file, by the assumptions of the command that measured it; a
// file without its pings says the same, although nobody can count any more what was late for the buffer given.
func TestVoiceIsKept(t *testing.T) {
	run := benchtest.Run(400)
	run.Facts.Transport, run.Plan.Class = bench.RTPAudio, bench.RTPAudio
	byDefault, err := New(bench.NewRecord(run))
	if err != nil {
		t.Fatal(err)
	}
	if back, err := byDefault.Run(); err != nil || back.Assumed != nil {
		t.Errorf("%v: assumed %+v; nil is what is assumed by default", err, back.Assumed)
	}
	a := voice.Defaults()
	a.Buffer, a.Turn = bench.Known(3*time.Millisecond, true), 500*time.Millisecond
	a.Codec = bench.Codec{Known: true, Ie: 11.5, Bpl: 18.9, Source: "a test"}
	run.Assumed = voice.Assumed(a)
	record := bench.NewRecord(run)
	f, err := New(record)
	if err != nil {
		t.Fatal(err)
	}
	want, got := voice.Told(record), f.Details.Voice
	if got == nil || !want.Known || nanos(got.MouthToEar) != want.MouthToEar || got.R != want.R || got.Bound ||
		got.R == byDefault.Details.Voice.R || len(got.Parts) != len(want.Parts) {
		t.Fatalf("the file says %+v, want %+v", got, want)
	}
	if back, err := f.Run(); err != nil || back.Assumed == nil || *back.Assumed != a {
		t.Errorf("%v: assumed %+v, want %+v", err, back.Assumed, a)
	}
	f.Measurements, f.Details.LateRTT, f.Details.Samples = nil, nil, Samples{}
	back, err := f.Run()
	if err != nil || back.Kept == nil {
		t.Fatalf("%v, kept %v", err, back.Kept)
	}
	if kept := voice.Told(bench.NewRecord(back)); kept.R != want.R || kept.Way != want.Way || kept.MOS != want.MOS ||
		kept.MouthToEar != want.MouthToEar || len(kept.Parts) != len(want.Parts) || kept.Parts[6] != want.Parts[6] {
		t.Errorf("kept\n%+v, want\n%+v", kept, want)
	}
}

// TestVoiceOfAudioAlone: a message does not travel as a voice does, and a run without an answer says nothing.
func TestVoiceOfAudioAlone(t *testing.T) {
	messages := benchtest.Run(100)
	silent := benchtest.Run(100)
	silent.Facts.Transport = bench.RTPAudio
	for i := range silent.Samples {
		silent.Samples[i].Outcome = bench.Lost
	}
	for name, run := range map[string]bench.Run{"messages": messages, "no answer": silent} {
		if d := newDetails(run, bench.Summarise(run)); d.Voice != nil {
			t.Errorf("%s: %+v", name, d.Voice)
		}
	}
}

// TestVoiceThatCannotBe: a file that says of a voice what nobody can have measured is refused, by the name of the key.
func TestVoiceThatCannotBe(t *testing.T) {
	run := benchtest.Run(100)
	run.Facts.Transport, run.Plan.Class = bench.RTPAudio, bench.RTPAudio
	whole, err := New(bench.NewRecord(run))
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(whole)
	if err != nil {
		t.Fatal(err)
	}
	for key, harm := range map[string]func(*Voice){
		"details.voice.way":                func(v *Voice) { v.Way = "sideways" },
		"details.voice.mos_cqe":            func(v *Voice) { v.MOS = 5 },
		"details.voice.r":                  func(v *Voice) { v.R = 101 },
		"details.voice.assumed.turn_ms":    func(v *Voice) { v.Assumed.Turn = 0 },
		"details.voice.assumed.capture_ms": func(v *Voice) { v.Assumed.Capture = -1 },
	} {
		var f File
		if err := json.Unmarshal(data, &f); err != nil {
			t.Fatal(err)
		}
		harm(f.Details.Voice)
		if _, err := f.Run(); err == nil || !strings.HasPrefix(err.Error(), key+": ") {
			t.Errorf("%s: %v", key, err)
		}
	}
}
