package browser_test

import (
	"context"
	"strings"
	"testing"

	lkproto "github.com/livekit/protocol/livekit"
	lksdk "github.com/livekit/server-sdk-go/v2"
	"github.com/pion/webrtc/v4"

	"rtcbench/bench"
	"rtcbench/internal/audio"
	"rtcbench/internal/echo"
	"rtcbench/internal/platform/livekit"
	"rtcbench/internal/sandbox/sandboxtest"
)

// inGo takes a seat for audio without a browser.
func inGo(t *testing.T, server *sandboxtest.Server, role bench.Role) bench.Session {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	s, err := livekit.Transport{}.Join(ctx, bench.Room{URL: server.URL, Token: audioToken(t, server, role)},
		bench.JoinOptions{ReconnectTimeout: patience, Class: bench.RTPAudio, Role: role, Identity: string(role)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// TestAudioBetweenEngines: a page's pings are answered by an echo in Go, and those of Go by a page.
func TestAudioBetweenEngines(t *testing.T) {
	server := sandboxtest.Start(t)
	b := start(t)
	check := func(name string, run bench.Run, err error, up, down string) {
		t.Helper()
		c, f := run.Counts, run.Facts
		if err != nil || c.Answered != 40 || c.Lost+c.Malformed+c.Foreign != 0 || f.Transport != bench.RTPAudio ||
			len(f.Audio) != 2 || f.Audio[0].Stamped != up || f.Audio[1].Stamped != down {
			t.Errorf("%s: %+v, %+v, %v", name, c, f.Audio, err)
		}
	}
	t.Run("page to Go", func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		s := inGo(t, server, bench.Answerer)
		go echo.Answer(ctx, s, bench.NewClock())
		runner := audible(t, b, server, bench.Runner, "")
		run, err := runner.Probe(t.Context(), audioPlan(40), nil)
		check("page to Go", run, err, bench.StampedWire, bench.StampedReceiveTime)
		runner.Close()
	})
	t.Run("Go to page", func(t *testing.T) {
		page := audible(t, b, server, bench.Answerer, "")
		s := inGo(t, server, bench.Runner)
		run, err := audio.Prober{Session: s, Clock: bench.NewClock()}.Probe(t.Context(), audioPlan(40), nil)
		check("Go to page", run, err, bench.StampedReceiveTime, bench.StampedWire)
		page.Close()
	})
}

// TestAudioEncrypted: pings and pongs cannot be read in audio that is encrypted from end to end. The run says so at
// once, and does not wait for an answer.
func TestAudioEncrypted(t *testing.T) {
	server := sandboxtest.Start(t)
	token := audioToken(t, server, bench.Answerer)
	room, err := lksdk.ConnectToRoomWithToken(server.URL, token, lksdk.NewRoomCallback())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(room.Disconnect)
	track, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus,
		ClockRate: 48000, Channels: 2}, "audio", "audio")
	if err != nil {
		t.Fatal(err)
	}
	runner := audible(t, start(t), server, bench.Runner, "")
	if _, err := room.LocalParticipant.PublishTrack(track, &lksdk.TrackPublicationOptions{
		Name: "rtcbench-pong:" + string(bench.Runner), Source: lkproto.TrackSource_MICROPHONE,
		Encryption: lkproto.Encryption_GCM}); err != nil {
		t.Fatal(err)
	}
	plan := audioPlan(40)
	run, err := runner.Probe(t.Context(), plan, nil)
	want := "the audio of echo is encrypted from end to end"
	if err == nil || !strings.Contains(err.Error(), want) || run.Ended != bench.LinkLost {
		t.Errorf("%v, ended %q", err, run.Ended)
	}
}
