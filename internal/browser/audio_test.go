package browser_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/livekit/protocol/auth"
	lkproto "github.com/livekit/protocol/livekit"
	lksdk "github.com/livekit/server-sdk-go/v2"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/browser"
	"rtcbench/internal/sandbox/sandboxtest"
)

const audioRoom = "audio"

// audible takes a seat for audio on a page; before is a script that runs there before all others.
func audible(t *testing.T, b *browser.Browser, server *sandboxtest.Server, role bench.Role,
	before string) *browser.Page {
	t.Helper()
	return seatedAs(t, b, server, role, string(role), before)
}

// seatedAs is audible under a name.
func seatedAs(t *testing.T, b *browser.Browser, server *sandboxtest.Server, role bench.Role, identity string,
	before string) *browser.Page {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	p, err := b.Open(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	if before != "" {
		err := p.Command(ctx, "Page.addScriptToEvaluateOnNewDocument", map[string]string{"source": before})
		if err != nil {
			t.Fatal(err)
		}
	}
	err = p.Join(ctx, of(browser.JoinConfig{Platform: "livekit", URL: server.URL,
		Token: audioToken(t, server, role, identity), Role: role, Class: bench.RTPAudio}))
	if err == nil && role == bench.Answerer {
		err = p.Echo(ctx)
	}
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// audioToken lets its owner do what a seat for audio needs, and no more.
func audioToken(t *testing.T, server *sandboxtest.Server, role bench.Role, identity string) string {
	t.Helper()
	yes, messages := true, role == bench.Answerer
	grant := &auth.VideoGrant{RoomJoin: true, Room: audioRoom, CanPublish: &yes, CanPublishData: &messages,
		CanSubscribe: &yes}
	grant.SetCanPublishSources([]lkproto.TrackSource{lkproto.TrackSource_MICROPHONE})
	token, err := auth.NewAccessToken(server.Key, server.Secret).SetIdentity(identity).SetValidFor(time.Hour).
		SetVideoGrant(grant).ToJWT()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func audioPlan(count int) bench.Plan {
	return bench.Plan{Count: count, Cooldown: 20 * time.Millisecond, Timeout: patience, Warmup: 3,
		EchoTimeout: patience, ReconnectTimeout: patience, Class: bench.RTPAudio}
}

// TestAudioInChromium: every ping rides an audio packet through the server and comes back, whether the echo's browser
// lets it write the frame that came, or the pong has to wait for a frame of the echo's own.
func TestAudioInChromium(t *testing.T) {
	benchtest.Beside(t, benchtest.WithBrowser)
	server := sandboxtest.Start(t)
	b := start(t)
	for _, x := range []struct {
		name, before string
		mostHold     time.Duration // at the P50; an encoder has a frame every 20 ms
	}{
		{"as the frame that came", "", 10 * time.Millisecond},
		{"with the encoder's next frame", "delete RTCRtpSender.prototype.createEncodedStreams", patience},
	} {
		t.Run(x.name, func(t *testing.T) {
			echo := audible(t, b, server, bench.Answerer, x.before)
			runner := audible(t, b, server, bench.Runner, "")
			listener := server.Listen(t, audioRoom)
			run, err := runner.Probe(t.Context(), audioPlan(60), nil)
			if err != nil {
				t.Fatal(err)
			}
			listener.HeardSilence(t, 20, "rtcbench-ping", "rtcbench-pong:"+string(bench.Runner))
			c := run.Counts
			if c.Answered != 60 || c.Sent != 60 || c.Lost+c.Malformed+c.Foreign != 0 || run.Ended != bench.Complete {
				t.Errorf("%+v, ended %q", c, run.Ended)
			}
			for _, s := range run.Samples {
				if s.Outcome == bench.Answered && (!s.Stamped || s.Sent < s.Due || s.RTT < s.Hold || s.Up < 0) {
					t.Errorf("%+v", s)
				}
			}
			checkAudioFacts(t, run.Facts)
			if len(run.Facts.Audio[0].Extensions) == 0 {
				t.Errorf("no header extensions: %+v", run.Facts.Audio[0])
			}
			if waits := run.Facts.Audio[1].Carried; waits != (x.before != "") {
				t.Errorf("pongs wait for the echo's encoder: %v", waits)
			}
			s := bench.Summarise(run)
			if s.Hold.P50.D > x.mostHold {
				t.Errorf("the echo held pings for %v (P50)", s.Hold.P50.D)
			}
			if n, err := echo.Answered(t.Context()); err != nil || n < 60 {
				t.Errorf("the echo has had %d pings, %v", n, err)
			}
			checkHeld(t, echo, x.before == "")
			t.Logf("P50 %v, hold P50 %v, timer late P50 %v", s.P50.D, s.Hold.P50.D, s.TimerError.P50.D)
			runner.Close()
			echo.Close()
		})
	}
}

// checkHeld wants a page to tell in whose hands its answers were, of frames that went back as they came. It tells so
// ten times a second.
func checkHeld(t *testing.T, echo *browser.Page, forwards bool) {
	t.Helper()
	var chromium, own []time.Duration
	for deadline := time.Now().Add(patience); ; {
		var err error
		chromium, own, err = echo.Held(t.Context())
		if err != nil || len(own) != len(chromium) || !forwards && len(own) > 0 || time.Now().After(deadline) {
			t.Fatalf("%d and %d holds, %v", len(chromium), len(own), err)
		}
		if !forwards || len(own) >= 60 {
			break
		}
	}
	for i := range own {
		if sum := chromium[i] + own[i]; own[i] < 0 || sum > patience {
			t.Errorf("held %v in the browser, and %v by the page", chromium[i], own[i])
		}
	}
}

func checkAudioFacts(t *testing.T, f bench.Facts) {
	t.Helper()
	if f.Transport != bench.RTPAudio || len(f.Audio) != 2 || f.Audio[0].Leg != bench.Publisher ||
		f.Audio[1].Leg != bench.Subscriber {
		t.Fatalf("facts: %+v", f)
	}
	for _, leg := range f.Audio {
		if leg.Codec != "audio/opus" || leg.ClockRate != 48000 || leg.RED || leg.DTX ||
			leg.Stamped != bench.StampedReceiveTime {
			t.Errorf("%+v", leg)
		}
	}
}

// TestAudioMuted: what the server would throw away, for the track was muted or taken down, is not sent, and is no loss.
func TestAudioMuted(t *testing.T) {
	benchtest.Beside(t, benchtest.WithBrowser)
	server := sandboxtest.Start(t)
	b := start(t)
	echo := audible(t, b, server, bench.Answerer, "")
	rooms := lksdk.NewRoomServiceClient(server.URL, server.Key, server.Secret)
	for name, do := range map[string]func(track string) error{
		"muted": func(track string) error {
			_, err := rooms.MutePublishedTrack(t.Context(), &lkproto.MuteRoomTrackRequest{Room: audioRoom,
				Identity: string(bench.Runner), TrackSid: track, Muted: true})
			return err
		},
		"taken down": func(string) error {
			_, err := rooms.UpdateParticipant(t.Context(), &lkproto.UpdateParticipantRequest{Room: audioRoom,
				Identity: string(bench.Runner), Permission: &lkproto.ParticipantPermission{CanSubscribe: true}})
			return err
		},
	} {
		runner := audible(t, b, server, bench.Runner, "")
		ctx, stop := context.WithTimeout(t.Context(), patience)
		answered := 0
		run, err := runner.Probe(ctx, audioPlan(1<<20), func(s bench.Sample) {
			if s.Outcome == bench.Answered {
				answered++
			}
			if answered == 20 {
				answered++
				if err := do(server.Track(t, audioRoom, string(bench.Runner))); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
			if s.Outcome == bench.NotSent && s.Reason == bench.Muted {
				stop()
			}
		})
		stop()
		muted := slices.ContainsFunc(run.Samples, func(s bench.Sample) bool { return s.Reason == bench.Muted })
		if !muted || run.Counts.Answered < 20 || run.Ended != bench.Interrupted {
			t.Errorf("%s: %+v, ended %q, %v", name, run.Counts, run.Ended, err)
		}
		runner.Close()
	}
	echo.Close()
}
