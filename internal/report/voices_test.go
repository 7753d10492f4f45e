package report

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/lipgloss"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/voice"
)

// TestVoiceInHistory: what audio runs mean for a voice stands in every form of a history, and in none of messages.
func TestVoiceInHistory(t *testing.T) {
	audio, messages := bench.NewRecord(benchtest.Audio(300)), bench.NewRecord(benchtest.Run(300))
	v := voice.Told(audio)
	h := History{Store: "s", Since: audio.Start, Until: audio.End, Runs: []bench.Record{messages, audio}}
	var table, csv, js bytes.Buffer
	for _, err := range []error{WriteHistoryText(&table, h), WriteHistoryCSV(&csv, h), WriteHistoryJSON(&js, h)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if got := table.String(); strings.Count(got, "mouth to ear") != 1 || strings.Count(got, "≤ ") != 2 {
		t.Errorf("one run of two is of audio, and its R and MOS are bounds:\n%s", got)
	}
	for line := range strings.Lines(table.String()) {
		if w := lipgloss.Width(strings.TrimRight(line, "\n")); w > 110 {
			t.Errorf("%d columns: %s", w, line)
		}
	}
	lines := strings.Split(csv.String(), "\n")
	if !strings.Contains(lines[0],
		",voice_way,mouth_to_ear_ms,r,mos_cqe,r_is_bound,turn_share,"+strings.Join(fleetColumns, ",")+",sent,") ||
		!strings.Contains(lines[1], ",,,,,,,,,,,,,,300,") || !strings.Contains(lines[2], ",true,") {
		t.Errorf("csv:\n%s", csv.String())
	}
	var f struct {
		Runs []struct {
			Voice *runVoice `json:"voice"`
		} `json:"runs"`
	}
	if err := json.Unmarshal(js.Bytes(), &f); err != nil {
		t.Fatal(err)
	}
	if got := f.Runs[1].Voice; f.Runs[0].Voice != nil || got == nil || got.R != v.R || got.MOS != v.MOS ||
		got.MouthToEar != millis(v.MouthToEar) || got.Way != v.Way || got.TurnShare != v.TurnShare {
		t.Errorf("json: %+v, want %+v", f.Runs, v)
	}
}

// TestVoiceCompared: two sides of audio runs stand beside each other, each by the median of its runs; where they take
// unlike things for granted, that is said. A side of messages has none.
func TestVoiceCompared(t *testing.T) {
	near, far, farther := benchtest.Audio(300), benchtest.Audio(300), benchtest.Audio(300)
	for i := range far.Samples {
		far.Samples[i].RTT += 10 * time.Millisecond
		farther.Samples[i].RTT += 30 * time.Millisecond
	}
	far.ID, farther.ID = "019ab000-0000-7000-8000-000000000001", "019ab000-0000-7000-8000-000000000002"
	compared := func(a bench.Run, b ...bench.Run) (Groups, string) {
		t.Helper()
		g := Group{Name: "b"}
		for _, r := range b {
			g.Runs = append(g.Runs, bench.NewRecord(r))
		}
		c := CompareGroups(Group{Name: "a", Runs: []bench.Record{bench.NewRecord(a)}}, g, Against{Margin: 5})
		var text bytes.Buffer
		if err := c.WriteText(&text); err != nil {
			t.Fatal(err)
		}
		return c, text.String()
	}
	c, text := compared(near, far, farther)
	of := func(r bench.Run) voice.Verdict { return voice.Told(bench.NewRecord(r)) }
	middle := (millis(of(far).MouthToEar) + millis(of(farther).MouthToEar)) / 2
	if a, b := c.A.Voice, c.B.Voice; a == nil || b == nil || a.R != of(near).R || b.R >= a.R || !b.Bound ||
		b.MouthToEar-middle > 1e-6 || middle-b.MouthToEar > 1e-6 {
		t.Errorf("A %+v, B %+v, want mouth to ear %v on the latter", c.A.Voice, c.B.Voice, middle)
	}
	const unlike = "assume unlike things"
	if !strings.Contains(text, "MOS-CQE") || strings.Contains(text, unlike) {
		t.Errorf("alike:\n%s", text)
	}
	a := voice.Defaults()
	a.Playout = 80 * time.Millisecond
	far.Assumed = &a
	if _, text := compared(near, far); !strings.Contains(strings.Join(strings.Fields(text), " "), unlike) {
		t.Errorf("with another playout:\n%s", text)
	}
	if c, text := compared(near, benchtest.Run(300)); c.B.Voice != nil || strings.Contains(text, "MOS-CQE") {
		t.Errorf("with messages:\n%s", text)
	}
}
