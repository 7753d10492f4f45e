//go:build live

package cli_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"testing"
	"time"

	api "rtcbench/internal/platform/daily"
	"rtcbench/internal/report"
	"rtcbench/internal/result"
)

// TestLiveDaily asks the real Daily what the tests ask its stand-in: make live-daily. Only a key can show
// that the real call machine loads under our content policy, that messages go by its WebSocket and that
// its rooms are removed.
func TestLiveDaily(t *testing.T) {
	key := os.Getenv("DAILY_API_KEY")
	if key == "" {
		t.Fatal("DAILY_API_KEY is not set")
	}
	out := filepath.Join(t.TempDir(), "daily.json")
	p := start(t, "daily", "-n", "100", "-o", out, "--store", "none")
	f := ended(t, p, out, 0)
	isDaily(t, f, 100)
	real(t, f)
	hidden(t, p, out, key)

	out = filepath.Join(t.TempDir(), "both.json")
	p = start(t, "both", "-n", "100", "-o", out, "--store", "none")
	if code := p.exit(t, 2*time.Minute); code != 0 {
		t.Fatalf("exit code %d:\n%s", code, p.stderr())
	}
	var both report.Both
	data, err := os.ReadFile(out)
	if err == nil {
		err = json.Unmarshal(data, &both)
	}
	if err != nil || both.Daily == nil || both.Livekit == nil || both.Comparison == nil || !both.Comparison.Paired ||
		both.Comparison.Alike {
		t.Fatalf("%v: %+v", err, both.Comparison)
	}
	isDaily(t, *both.Daily, 100)
	real(t, *both.Daily)
	hidden(t, p, out, key)
}

// TestLiveDailyAudio asks the real Daily for audio: which codec, whether RED, DTX and NACK are agreed on, and whether
// the payload comes back as it left, only a key can show. What was agreed is printed.
func TestLiveDailyAudio(t *testing.T) {
	key := os.Getenv("DAILY_API_KEY")
	if key == "" {
		t.Fatal("DAILY_API_KEY is not set")
	}
	out := filepath.Join(t.TempDir(), "daily.json")
	p := start(t, "daily", "--channel", "audio", "-n", "300", "-o", out, "--store", "none")
	f := ended(t, p, out, 0)
	isAudio(t, f, 300)
	real(t, f)
	hidden(t, p, out, key)

	out = filepath.Join(t.TempDir(), "both.json")
	p = start(t, "both", "--channel", "audio", "-n", "300", "-o", out, "--store", "none")
	if code := p.exit(t, 2*time.Minute); code != 0 {
		t.Fatalf("exit code %d:\n%s", code, p.stderr())
	}
	var both report.Both
	data, err := os.ReadFile(out)
	if err == nil {
		err = json.Unmarshal(data, &both)
	}
	if err != nil || both.Daily == nil || both.Livekit == nil || both.Comparison == nil || !both.Comparison.Paired ||
		!both.Comparison.Alike {
		t.Fatalf("%v: %+v", err, both.Comparison)
	}
	isAudio(t, *both.Daily, 300)
	isAudio(t, *both.Livekit, 300)
	real(t, *both.Daily)
	hidden(t, p, out, key)
}

// isAudio fails for a run whose pings did not ride in plain Opus, or came back as nothing that holds.
func isAudio(t *testing.T, f result.File, pings int) {
	t.Helper()
	d := f.Details
	for _, leg := range d.Audio {
		t.Logf("%s: %+v", f.Platform, leg)
		if leg.Codec != "audio/opus" || leg.RED {
			t.Errorf("%s: a ping rides in plain Opus alone: %+v", f.Platform, leg)
		}
	}
	if d.TransportClass == nil || *d.TransportClass != "rtp-audio" || len(d.Audio) != 2 || d.Voice == nil {
		t.Errorf("%s: class %v, legs %+v, voice %+v", f.Platform, d.TransportClass, d.Audio, d.Voice)
	}
	if c := d.Counts; c.Malformed > 0 || c.Foreign > 0 || c.Answered < pings*9/10 {
		t.Errorf("%s: %+v", f.Platform, c.Counts)
	}
}

// real fails for a run on the stand-in, and for a room that is still there.
func real(t *testing.T, f result.File) {
	t.Helper()
	if f.Details.Standin {
		t.Error("this was the stand-in")
	}
	for _, d := range f.Details.Doubts {
		if d.Code == "room-left" {
			t.Error(d.Text)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	client := api.Client{Key: os.Getenv("DAILY_API_KEY")}
	_, err := client.Room(ctx, path.Base(f.Metadata.RoomURL))
	var refused *api.Error
	if !errors.As(err, &refused) || refused.Status != http.StatusNotFound {
		t.Errorf("the room is still there: %v", err)
	}
}
