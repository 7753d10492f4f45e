package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/platform/daily/standin"
	"rtcbench/internal/report"
)

// TestBothAudio: packets of audio on both platforms, in one browser, are compared as like with like; sound itself is in
// the results of both, and in no comparison.
func TestBothAudio(t *testing.T) {
	benchtest.Beside(t, benchtest.WithBrowser)
	s := startStandin(t)
	s.SetFate(standin.Fate{Delay: 250 * time.Millisecond}) // far more than a busy machine adds to LiveKit
	out := filepath.Join(t.TempDir(), "both.json")
	p := start(t, "both", "--channel", "audio", "--daily-bundle-url", s.BundleURL(), "--daily-api-url", s.API(),
		"--daily-api-key", s.Key, "--chrome-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "-n", "150",
		"--media", "-o", out, "--timeout", "30000")
	if code := p.exit(t, time.Minute); code != 0 {
		t.Fatalf("exit code %d:\n%s", code, p.stderr())
	}
	var both report.Both
	data, _ := os.ReadFile(out)
	if err := json.Unmarshal(data, &both); err != nil {
		t.Fatal(err)
	}
	c := both.Comparison
	if c == nil || !c.Alike || !c.Paired || c.Pairs == 0 || strings.Contains(c.Verdict, "kind of path") ||
		c.MedianDiff.CI95[0] <= 0 {
		t.Fatalf("%+v, %+v %+v", c, both.Daily.Details.Counts, both.Livekit.Details.Counts)
	}
	for _, f := range []string{*c.TransportClasses["daily"], *c.TransportClasses["livekit"]} {
		if f != "rtp-audio" {
			t.Errorf("it went by %s", f)
		}
	}
	for platform, of := range map[string]*bench.Media{"daily": both.Daily.Details.Media,
		"livekit": both.Livekit.Details.Media} {
		if of == nil || of.Summary().Heard == 0 {
			t.Errorf("%s: %+v", platform, of)
		}
	}
	m, d := both.Daily.Metadata, both.Daily.Details
	if m.CooldownMS == nil || *m.CooldownMS != 20 || len(d.Audio) != 2 || len(d.ICE) < 2 {
		t.Errorf("%+v, %+v, %+v", m, d.Audio, d.ICE)
	}
}

// TestDailyAudioIsTold: what keeps audio from being measured is one line, and says what to do.
func TestDailyAudioIsTold(t *testing.T) {
	benchtest.Beside(t, benchtest.WithBrowser)
	s := startStandin(t)
	s.SetFate(standin.Fate{Audio: standin.Audio{Codec: "audio/PCMU"}})
	p, out := daily(t, s, "-n", "5", "--channel", "audio", "--api-key", s.Key)
	ended(t, p, out, 1)
	want := "the audio of this room is audio/PCMU, and a ping rides in packets of Opus alone"
	if !strings.Contains(p.stderr(), want) {
		t.Error(p.stderr())
	}
	p, out = daily(t, s, "-n", "5", "--channel", "lossy", "--api-key", s.Key)
	ended(t, p, out, 2)
	if want := "reliable or audio: Daily has no lossy channel"; !strings.Contains(p.stderr(), want) {
		t.Error(p.stderr())
	}
}
