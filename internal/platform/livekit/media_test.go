package livekit_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	protocol "github.com/livekit/protocol/livekit"
	lksdk "github.com/livekit/server-sdk-go/v2"
	"github.com/pion/webrtc/v4"

	"rtcbench/bench"
	"rtcbench/internal/audio"
	"rtcbench/internal/echo"
	"rtcbench/internal/platform/livekit"
	"rtcbench/internal/sandbox/sandboxtest"
)

// sit takes a seat for audio, with the token that a meeting gives for it.
func sit(t *testing.T, server *sandboxtest.Server, name string, role bench.Role, identity string,
	patience time.Duration) bench.Session {
	t.Helper()
	m := livekit.NewMeeting(bench.Place{URL: server.URL, Room: name, Key: server.Key, Secret: server.Secret,
		Class: bench.RTPAudio}, time.Hour)
	seat, err := m.Seat(role, identity)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	s, err := livekit.Transport{}.Join(ctx, seat.Room,
		bench.JoinOptions{ReconnectTimeout: patience, Class: bench.RTPAudio, Role: role, Identity: identity})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// answering is an echo in a room.
func answering(t *testing.T, server *sandboxtest.Server, name, identity string) {
	t.Helper()
	s := sit(t, server, name, bench.Answerer, identity, patience)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); echo.Answer(ctx, s, bench.NewClock()) }()
	t.Cleanup(func() { cancel(); <-done })
}

func audioPlan(count int) bench.Plan {
	return bench.Plan{Count: count, Cooldown: audio.Frame, Timeout: patience, Warmup: 2, EchoTimeout: patience,
		ReconnectTimeout: patience, Class: bench.RTPAudio}
}

func probeAudio(t *testing.T, s bench.Session, p bench.Plan, on func(bench.Sample)) (bench.Run, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	return audio.Prober{Session: s, Clock: bench.NewClock()}.Probe(ctx, p, on)
}

// TestPayloadsArriveUnchanged: over both hops, of every size; and no packet but ours is handed on as one of ours. A
// busy machine may lose one.
func TestPayloadsArriveUnchanged(t *testing.T) {
	server := sandboxtest.Start(t)
	runner := sit(t, server, "bytes", bench.Runner, "runner", patience)
	e := sit(t, server, "bytes", bench.Answerer, "echo", patience)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	payload := func(seq uint32) []byte {
		return audio.Append(nil, nil, 80+int(seq*37)%1110, audio.Record{Type: audio.Ping, Run: 1, Seq: seq})
	}
	// there sends numbers until one is heard, then all of them, and wants them as they were sent.
	there := func(from, to bench.Session, whose, whom string) {
		t.Helper()
		heard := make(chan bench.Packet, 4096)
		go func() {
			for {
				p, err := to.Recv(ctx)
				if err != nil {
					close(heard)
					return
				}
				p.Payload = bytes.Clone(p.Payload)
				heard <- p
				if r, _ := audio.Decode(p.Payload); r.Seq >= 400 {
					close(heard)
					return
				}
			}
		}()
		tick := time.NewTicker(2 * time.Millisecond)
		defer tick.Stop()
		next, want, missing := uint32(1), uint32(0), uint32(0)
		for {
			select {
			case p, more := <-heard:
				if !more {
					if want <= 400 || missing > 8 {
						t.Errorf("%s to %s: the last one is %d, %d are missing", whose, whom, want-1, missing)
					}
					return
				}
				r, v := audio.Decode(p.Payload)
				switch {
				case v != audio.Ours: // the SFU's own silence
				case p.From != whose || p.Class != bench.RTPAudio || time.Since(p.At) > patience:
					t.Errorf("from %q by %q", p.From, p.Class)
				case want == 0:
					want, next = r.Seq+1, r.Seq+1
				case r.Seq < want: // those that were under way when the first one came
				default:
					if !bytes.Equal(p.Payload, payload(r.Seq)) {
						t.Errorf("%s to %s: %d came as %x", whose, whom, r.Seq, p.Payload)
					}
					missing += r.Seq - want
					want = r.Seq + 1
				}
			case <-tick.C:
				switch {
				case want == 0: // nobody hears us yet
					from.Send(ctx, bench.Message{Payload: payload(1), To: whom, Class: bench.RTPAudio})
				case next <= 500: // until one of the last is heard
					from.Send(ctx, bench.Message{Payload: payload(next), To: whom, Class: bench.RTPAudio})
					next++
				}
			case <-ctx.Done():
				t.Fatalf("%s to %s: %d of 400 arrived", whose, whom, want)
			}
		}
	}
	there(runner, e, "runner", "")
	there(e, runner, "echo", "runner")
	f := runner.Facts()
	if f.Transport != bench.RTPAudio || len(f.Audio) != 2 || f.Channel.Known {
		t.Fatalf("%+v", f)
	}
	for i, leg := range f.Audio {
		if leg.Leg != []bench.Leg{bench.Publisher, bench.Subscriber}[i] || leg.Codec != "audio/opus" ||
			leg.ClockRate != 48000 || leg.RED || leg.DTX || leg.NACK || leg.Stamped != bench.StampedWire {
			t.Errorf("%+v", leg)
		}
	}
}

// TestAThirdParticipantHearsSilence: who subscribes to all tracks of the room, and decodes what the server sends, hears
// neither pings nor pongs.
func TestAThirdParticipantHearsSilence(t *testing.T) {
	server := sandboxtest.Start(t)
	answering(t, server, "quiet", "echo")
	runner := sit(t, server, "quiet", bench.Runner, "runner", patience)
	listener := server.Listen(t, "quiet")
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		audio.Prober{Session: runner, Clock: bench.NewClock()}.Probe(ctx, audioPlan(1_000_000), nil)
	}()
	listener.HeardSilence(t, 50, "rtcbench-ping", "rtcbench-pong:runner")
	stop()
	<-done
}

// TestTwoRunnersAndTwoEchoes: everybody is answered by both, on tracks of their own.
func TestTwoRunnersAndTwoEchoes(t *testing.T) {
	server := sandboxtest.Start(t)
	answering(t, server, "many", "echo-1")
	answering(t, server, "many", "echo-2")
	var runs [2]bench.Run
	var errs [2]error
	var seats [2]bench.Session
	for i := range seats {
		seats[i] = sit(t, server, "many", bench.Runner, fmt.Sprint("runner-", i), patience)
	}
	var both sync.WaitGroup
	for i := range runs {
		both.Go(func() { runs[i], errs[i] = probeAudio(t, seats[i], audioPlan(100), nil) })
	}
	both.Wait()
	for i, r := range runs {
		c := r.Counts
		if errs[i] != nil || c.Answered != 100 || c.Malformed+c.Duplicate != 0 || c.Foreign == 0 ||
			len(r.Echo.Others) != 1 || r.Echo.Kind != "rtcbench" {
			t.Errorf("runner %d: %v, %+v, echo %+v", i, errs[i], c, r.Echo)
		}
	}
}

// TestTheTrackIsTakenFromUs: a track that is muted, or taken down, by the server costs slots and is no loss; where it
// stays so, the run ends and says why.
func TestTheTrackIsTakenFromUs(t *testing.T) {
	server := sandboxtest.Start(t)
	api := lksdk.NewRoomServiceClient(server.URL, server.Key, server.Secret)
	for name, do := range map[string]func(ctx context.Context, room string, track string) error{
		"muted": func(ctx context.Context, room, track string) error {
			_, err := api.MutePublishedTrack(ctx, &protocol.MuteRoomTrackRequest{Room: room, Identity: "runner",
				TrackSid: track, Muted: true})
			return err
		},
		"taken-down": func(ctx context.Context, room, _ string) error {
			_, err := api.UpdateParticipant(ctx, &protocol.UpdateParticipantRequest{Room: room, Identity: "runner",
				Permission: &protocol.ParticipantPermission{CanSubscribe: true}})
			return err
		},
	} {
		answering(t, server, name, "echo")
		runner := sit(t, server, name, bench.Runner, "runner", 2*time.Second)
		track := server.Track(t, name, "runner")
		p := audioPlan(100_000)
		run, err := probeAudio(t, runner, p, func(s bench.Sample) {
			if s.Seq == 20 {
				if err := do(t.Context(), name, track); err != nil {
					t.Error(err)
				}
			}
		})
		muted := 0
		for _, s := range run.Samples {
			switch {
			case s.Reason == bench.Muted:
				muted++
			case muted > 0 && s.Outcome != bench.NotSent:
				t.Errorf("%s: ping %d left after all: %v", name, s.Seq, s.Outcome)
			}
		}
		if err == nil || !strings.Contains(err.Error(), "our audio track was muted, or taken down, for 2s") ||
			muted == 0 || run.Ended != bench.LinkLost {
			t.Errorf("%s: %d muted, ended %s: %v", name, muted, run.Ended, err)
		}
	}
}

// TestAudioThatNoPingCanRideIn: the run ends with what is wrong.
func TestAudioThatNoPingCanRideIn(t *testing.T) {
	server := sandboxtest.Start(t)
	for name, c := range map[string]struct {
		codec   webrtc.RTPCodecCapability
		options lksdk.TrackPublicationOptions
		want    string
	}{
		"another-codec": {webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypePCMU, ClockRate: 8000},
			lksdk.TrackPublicationOptions{}, "the echo's audio is audio/PCMU: a ping rides in packets of plain Opus"},
		"encrypted": {webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2},
			lksdk.TrackPublicationOptions{Encryption: protocol.Encryption_GCM},
			"the echo's audio is encrypted end to end (gcm): nobody can read a ping in it"},
	} {
		runner := sit(t, server, name, bench.Runner, "runner", patience)
		odd, err := lksdk.ConnectToRoom(server.URL, lksdk.ConnectInfo{APIKey: server.Key, APISecret: server.Secret,
			RoomName: name, ParticipantIdentity: "odd"}, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer odd.Disconnect()
		track, err := lksdk.NewLocalTrack(c.codec)
		if err != nil {
			t.Fatal(err)
		}
		c.options.Name = "rtcbench-pong:runner"
		if _, err := odd.LocalParticipant.PublishTrack(track, &c.options); err != nil {
			t.Fatal(err)
		}
		_, err = probeAudio(t, runner, audioPlan(10), nil)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}

// TestAnotherTrackOfTheRunner: one who speaks on a new track, and takes the old one down after that, is answered as
// before. So it comes after a server's restart.
func TestAnotherTrackOfTheRunner(t *testing.T) {
	server := sandboxtest.Start(t)
	answering(t, server, "twice", "echo")
	answers, heard := make(chan string, 100), make(chan string, 100)
	runner, err := lksdk.ConnectToRoom(server.URL, lksdk.ConnectInfo{APIKey: server.Key, APISecret: server.Secret,
		RoomName: "twice", ParticipantIdentity: "runner"}, &lksdk.RoomCallback{
		OnLocalTrackSubscribed: func(pub *lksdk.LocalTrackPublication, _ *lksdk.LocalParticipant) {
			heard <- pub.SID()
		},
		ParticipantCallback: lksdk.ParticipantCallback{
			OnTrackPublished: func(pub *lksdk.RemoteTrackPublication, _ *lksdk.RemoteParticipant) {
				answers <- pub.SID()
			},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer runner.Disconnect()
	next := func(from chan string) string {
		t.Helper()
		select {
		case sid := <-from:
			return sid
		case <-time.After(time.Minute):
			t.Fatal("the echo did nothing")
			return ""
		}
	}
	speak := func() string {
		track, err := lksdk.NewLocalTrack(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000,
			Channels: 2})
		if err != nil {
			t.Fatal(err)
		}
		pub, err := runner.LocalParticipant.PublishTrack(track, &lksdk.TrackPublicationOptions{Name: "rtcbench-ping",
			Source: protocol.TrackSource_MICROPHONE})
		if err != nil {
			t.Fatal(err)
		}
		for next(heard) != pub.SID() {
		}
		return pub.SID()
	}
	old := speak()
	answer := next(answers)
	speak()
	if err := runner.LocalParticipant.UnpublishTrack(old); err != nil {
		t.Fatal(err)
	}
	speak() // when this is heard, the end of the old one has been told
	if now := server.Track(t, "twice", "echo"); now != answer {
		t.Errorf("the echo speaks on %s, at first on %s", now, answer)
	}
}

// TestAudioOutlivesTheServer: the server goes and comes back, and so does the answer; the run knows that the way
// changed.
func TestAudioOutlivesTheServer(t *testing.T) {
	server := sandboxtest.Start(t)
	m := livekit.NewMeeting(bench.Place{URL: server.URL, Room: "again", Key: server.Key, Secret: server.Secret,
		Class: bench.RTPAudio}, time.Hour)
	answering, stop := context.WithCancel(t.Context())
	done, ready := make(chan error, 1), make(chan struct{}, 100)
	go func() {
		done <- echo.Serve(answering, echo.Seat{
			Join: func(ctx context.Context) (bench.Session, error) {
				seat, err := m.Seat(bench.Answerer, "echo")
				if err != nil {
					return nil, err
				}
				return livekit.Transport{}.Join(ctx, seat.Room,
					bench.JoinOptions{ReconnectTimeout: echo.Patience, Role: bench.Answerer})
			},
			Clock: bench.NewClock(), Ready: func(bench.Session) { ready <- struct{}{} }, Lost: func(error) {},
			Within: patience,
		})
	}()
	defer func() { stop(); <-done }()
	<-ready
	runner := sit(t, server, "again", bench.Runner, "runner", patience)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	answered, killed := 0, false
	p := audioPlan(1_000_000)
	p.Timeout = time.Second
	run, err := audio.Prober{Session: runner, Clock: bench.NewClock()}.Probe(ctx, p, func(s bench.Sample) {
		switch {
		case s.Outcome != bench.Answered:
		case !killed:
			killed = true
			server.Kill()
			server.Restart(t)
		default:
			if s.Sent > 2*time.Second { // behind the kill
				if answered++; answered == 50 {
					cancel()
				}
			}
		}
	})
	v := bench.Summarise(run).Validity
	if run.Ended != bench.Interrupted || run.Facts.Reconnects == 0 || !v.Has("audio-changed") {
		t.Errorf("ended %s (%v), %+v, %d reconnects, %+v, %+v", run.Ended, err, run.Counts, run.Facts.Reconnects, v,
			run.Facts.Changes)
	}
}
