package browser_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	lkproto "github.com/livekit/protocol/livekit"
	lksdk "github.com/livekit/server-sdk-go/v2"
	"github.com/pion/webrtc/v4"

	"rtcbench/bench"
	"rtcbench/internal/audio"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/browser"
	"rtcbench/internal/echo"
	"rtcbench/internal/platform/daily/standin"
	"rtcbench/internal/sandbox/options"
	"rtcbench/internal/sandbox/sandboxtest"
)

// withRED makes a page ask the server for RED on the track of its pings, as an SDK does by default: the request of the
// track (livekit.AddTrackRequest) then does not say disable_red, field 13.
const withRED = `{
  const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (data) {
    const bytes = data instanceof Uint8Array ? data : new Uint8Array(data);
    const name = new TextDecoder('latin1').decode(bytes).indexOf('rtcbench-ping');
    for (let i = name; name >= 0 && i + 1 < bytes.length; i++) {
      if (bytes[i] === 0x68 && bytes[i + 1] === 1) bytes[i + 1] = 0;
    }
    return send.call(this, data);
  };
}`

// TestAudioRed: where a LiveKit server agrees on RED, the run goes on, whether a page or Go answers, and is invalid for
// that: it says on which leg, and what to do.
func TestAudioRed(t *testing.T) {
	benchtest.Beside(t, benchtest.WithBrowser)
	server := sandboxtest.Start(t)
	b := start(t)
	check := func(who string) {
		t.Helper()
		runner := audible(t, b, server, bench.Runner, withRED)
		run, err := runner.Probe(t.Context(), audioPlan(30), nil)
		v := bench.Summarise(run).Validity
		says := slices.ContainsFunc(v.Grounds, func(r bench.Ground) bool {
			return r.Code == "red" && strings.HasPrefix(r.Text, "the audio of the publisher goes as RED") &&
				strings.Contains(r.Text, "let both ends publish without RED, or measure by messages")
		})
		if err != nil || run.Counts.Answered == 0 || len(run.Facts.Audio) != 2 || !run.Facts.Audio[0].RED ||
			v.Verdict != bench.Invalid || !says {
			t.Errorf("%s answers: %v, %+v, %+v, %+v", who, err, run.Counts, v, run.Facts.Audio)
		}
		runner.Close()
	}
	page := audible(t, b, server, bench.Answerer, "")
	check("a page")
	page.Close()
	go echo.Answer(t.Context(), inGo(t, server, bench.Answerer), bench.NewClock())
	check("Go")
}

// TestDailyListenerHearsSilence: what goes to whoever else is in the room is silence to a decoder, pings and pongs.
func TestDailyListenerHearsSilence(t *testing.T) {
	benchtest.Beside(t, benchtest.WithBrowser)
	b := start(t)
	cloud, err := standin.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cloud.Close() })
	listener := sandboxtest.NewListener()
	cloud.SetFate(standin.Fate{Audio: standin.Audio{Lose: func(from string, payload []byte) bool {
		listener.Hear(from, payload)
		return false
	}}})
	url := cloud.AddRoom("quiet")
	answerer, err := called(t, b, cloud, url, bench.Answerer)
	if err != nil {
		t.Fatal(err)
	}
	runner, err := called(t, b, cloud, url, bench.Runner)
	if err != nil {
		t.Fatal(err)
	}
	if run, err := runner.Probe(t.Context(), audioPlan(40), nil); err != nil || run.Counts.Answered < 20 {
		t.Fatalf("%v, %+v", err, run.Counts)
	}
	listener.HeardSilence(t, 20, runner.Identity(), answerer.Identity())
}

// TestAudioThatCannotBeRead: pings and pongs cannot be read in audio that is encrypted from end to end, nor ride in
// another codec. The run says so at once, and does not wait for an answer.
func TestAudioThatCannotBeRead(t *testing.T) {
	benchtest.Beside(t, benchtest.WithBrowser)
	server := sandboxtest.Start(t)
	b := start(t)
	for name, x := range map[string]struct {
		codec      webrtc.RTPCodecCapability
		encryption lkproto.Encryption_Type
		want       string
	}{
		"encrypted": {webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2},
			lkproto.Encryption_GCM, "the audio of echo is encrypted from end to end"},
		"another codec": {webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypePCMU, ClockRate: 8000},
			lkproto.Encryption_NONE, "the audio of echo is audio/PCMU, and a ping rides in packets of Opus alone"},
	} {
		room, err := lksdk.ConnectToRoomWithToken(server.URL, audioToken(t, server, bench.Answerer, "echo"),
			lksdk.NewRoomCallback())
		if err != nil {
			t.Fatal(err)
		}
		track, err := webrtc.NewTrackLocalStaticRTP(x.codec, "audio", "audio")
		if err != nil {
			t.Fatal(err)
		}
		runner := audible(t, b, server, bench.Runner, "")
		_, err = room.LocalParticipant.PublishTrack(track, &lksdk.TrackPublicationOptions{
			Name: "rtcbench-pong:" + string(bench.Runner), Source: lkproto.TrackSource_MICROPHONE,
			Encryption: x.encryption})
		if err != nil {
			t.Fatal(err)
		}
		run, err := runner.Probe(t.Context(), audioPlan(40), nil)
		if err == nil || !strings.Contains(err.Error(), x.want) || strings.Contains(err.Error(), "\n") ||
			run.Ended != bench.LinkLost {
			t.Errorf("%s: %v, ended %q", name, err, run.Ended)
		}
		runner.Close()
		room.Disconnect()
	}
}

// TestAServerWithoutOpus: a server that takes other codecs alone is named at once; it would leave the offer of a track
// unanswered.
func TestAServerWithoutOpus(t *testing.T) {
	server := sandboxtest.StartAs(t, func(o *options.Server) { o.Codecs = []string{webrtc.MimeTypePCMU} })
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	p, err := start(t).Open(ctx)
	if err != nil {
		t.Fatal(err)
	}
	err = p.Join(ctx, of(browser.JoinConfig{Platform: "livekit", URL: server.URL, Role: bench.Runner,
		Token: audioToken(t, server, bench.Runner, "runner"), Class: bench.RTPAudio}))
	want := "the audio of this room is audio/PCMU, and a ping rides in packets of Opus alone: let the room use Opus, " +
		"or measure by messages"
	if err == nil || err.Error() != want {
		t.Error(err)
	}
}

// TestAudioOfManyInChromium: two runners in pages are answered by two echoes in pages, each on a track of its own. One
// echo of each run counts; the other's pongs are told apart.
func TestAudioOfManyInChromium(t *testing.T) {
	benchtest.Beside(t, benchtest.WithBrowser)
	server := sandboxtest.Start(t)
	b := start(t)
	var seats [2]*browser.Page
	for i := range seats {
		seatedAs(t, b, server, bench.Answerer, fmt.Sprint("echo-", i), "")
		seats[i] = seatedAs(t, b, server, bench.Runner, fmt.Sprint("runner-", i), "")
	}
	checkMany(t, seats)
}

// checkMany measures by two runners at one time, where two echoes answer.
func checkMany(t *testing.T, seats [2]*browser.Page) {
	t.Helper()
	var runs [2]bench.Run
	var errs [2]error
	var both sync.WaitGroup
	for i, p := range seats {
		both.Go(func() { runs[i], errs[i] = p.Probe(t.Context(), audioPlan(60), nil) })
	}
	both.Wait()
	for i, run := range runs {
		c := run.Counts
		if errs[i] != nil || c.Answered != 60 || c.Lost+c.Malformed+c.Duplicate != 0 || c.Foreign == 0 ||
			len(run.Echo.Others) != 1 || run.Echo.Kind != "rtcbench" || run.Ended != bench.Complete {
			t.Errorf("runner %d: %+v, echo %+v, ended %q: %v", i, c, run.Echo, run.Ended, errs[i])
		}
	}
}

// TestDailyLatePackets: where lost packets are asked for again, one that comes after a later one answers its ping all
// the same, and the page tells how many did.
func TestDailyLatePackets(t *testing.T) {
	benchtest.Beside(t, benchtest.WithBrowser)
	var late atomic.Int32
	behind := func(_ string, payload []byte) bool { // each tenth pong is held back until the next packet
		r, v := audio.Decode(payload)
		if v != audio.Ours || r.Type != audio.Pong || r.Seq%10 != 5 {
			return false
		}
		late.Add(1)
		return true
	}
	run := onDailyByAudio(t, start(t), standin.Fate{Audio: standin.Audio{NACK: true, Behind: behind}}, 60)
	legs, n := run.Facts.Audio, int(late.Load())
	if run.Counts.Answered != 60 || len(legs) != 2 || !legs[1].NACK || legs[1].AfterGap == nil || n == 0 ||
		*legs[1].AfterGap != n || run.Repaired() < n {
		t.Errorf("%d came late: %+v, %+v", n, run.Counts, legs)
	}
}

// TestDailyMayNot: whose meeting token lets nobody speak, or hear, says so, and does not wait for audio.
func TestDailyMayNot(t *testing.T) {
	benchtest.Beside(t, benchtest.WithBrowser)
	b := start(t)
	for deny, want := range map[string]string{"send": "this seat may not send audio (canSend), by its meeting token",
		"receive": "this seat may not hear audio (canReceive), by its meeting token"} {
		cloud, err := standin.Start()
		if err != nil {
			t.Fatal(err)
		}
		cloud.SetFate(standin.Fate{Audio: standin.Audio{Deny: deny}})
		begin := time.Now()
		_, err = called(t, b, cloud, cloud.AddRoom("denied"), bench.Runner)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v after %v", deny, err, time.Since(begin))
		}
		cloud.Close()
	}
}
