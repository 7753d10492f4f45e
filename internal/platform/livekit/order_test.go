package livekit

import (
	"fmt"
	"strings"
	"testing"
	"time"

	protocol "github.com/livekit/protocol/livekit"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"rtcbench/bench"
)

// TestOrder: a number that is behind fills a gap, also where numbers begin anew; the same one twice does not; a
// retransmission is one wherever it comes.
func TestOrder(t *testing.T) {
	var o order
	for _, n := range []uint16{65533, 65535, 65535, 65534, 1, 0, 2} {
		o.came(n, false)
	}
	if o.came(3, false) || !o.came(3, true) || o.afterLater != 2 || o.sentAgain != 1 {
		t.Errorf("%+v, want 65534 and 0 after a later one, and one sent again", o)
	}
}

// TestWhatCarriesNoPing: of a track whose packets are not what their sender wrote it is said what it is, and what to
// do.
func TestWhatCarriesNoPing(t *testing.T) {
	for want, info := range map[string]*protocol.TrackInfo{
		"":                       {MimeType: "audio/opus"},
		"is audio/G722: a ping":  {MimeType: "audio/G722"},
		"end to end (gcm)":       {MimeType: "audio/opus", Encryption: protocol.Encryption_GCM},
		"end to end (custom): n": {Encryption: protocol.Encryption_CUSTOM},
	} {
		err := plain(info)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want) ||
			!strings.Contains(err.Error(), "measure") || strings.Contains(err.Error(), "\n")) {
			t.Errorf("%v: %v, want %q", info, err, want)
		}
	}
}

// TestLatePacketsWhereLostOnesAreAskedFor: where NACK was agreed on, a packet that comes after a later one is handed on
// as any other, and told apart. Where it was not, a packet was overtaken, and nothing sends it again.
func TestLatePacketsWhereLostOnesAreAskedFor(t *testing.T) {
	for _, nack := range []bool{true, false} {
		t.Run(fmt.Sprint("nack ", nack), func(t *testing.T) {
			s := newSession(bench.JoinOptions{Class: bench.RTPAudio, ReconnectTimeout: time.Minute})
			t.Cleanup(func() { s.Close() })
			write := toward(t, s, nack)
			for _, number := range []uint16{10, 11, 13, 12, 14, 16, 17, 15} {
				write(number)
			}
			for i, want := range []byte{10, 11, 13, 12, 14, 16, 17, 15} {
				select {
				case p := <-s.media.arrivals:
					if len(p.Payload) != 1 || p.Payload[0] != want || p.From != "echo" || p.At.IsZero() {
						t.Fatalf("packet %d: %+v, want %d", i, p, want)
					}
				case <-time.After(time.Minute):
					t.Fatalf("packet %d did not come", i)
				}
			}
			legs := s.Facts().Audio
			if len(legs) != 1 || legs[0].NACK != nack || legs[0].RED != nack ||
				legs[0].Retransmitted == nil || *legs[0].Retransmitted != 0 {
				t.Fatalf("%+v", legs)
			}
			run := bench.Run{Facts: bench.Facts{Audio: legs}}
			switch after := legs[0].AfterGap; {
			case nack && (after == nil || *after != 2 || run.Repaired() != 2):
				t.Errorf("%v after a gap, %d repaired, want 2", after, run.Repaired())
			case !nack && (after != nil || run.Repaired() != 0):
				t.Errorf("%v after a gap, %d repaired; nobody asked", after, run.Repaired())
			}
		})
	}
}

// toward is a connection that s hears a track by, with or without NACK. write returns when the packet has left; the
// first ones wait until somebody hears them.
func toward(t *testing.T, s *session, nack bool) (write func(number uint16)) {
	t.Helper()
	var ends [2]*webrtc.PeerConnection
	opus := webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: clockRate, Channels: 2}
	if nack {
		opus.RTCPFeedback = []webrtc.RTCPFeedback{{Type: "nack"}}
	}
	for i := range ends {
		var m webrtc.MediaEngine
		if err := m.RegisterCodec(webrtc.RTPCodecParameters{RTPCodecCapability: opus, PayloadType: 111},
			webrtc.RTPCodecTypeAudio); err != nil {
			t.Fatal(err)
		}
		pc, err := webrtc.NewAPI(webrtc.WithMediaEngine(&m)).NewPeerConnection(webrtc.Configuration{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { pc.Close() })
		ends[i] = pc
	}
	track, err := webrtc.NewTrackLocalStaticRTP(opus, "track", "stream")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ends[0].AddTrack(track); err != nil {
		t.Fatal(err)
	}
	heard, done := make(chan struct{}), make(chan struct{})
	ends[1].OnTrack(func(track *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
		first := make([]byte, packetMax)
		if _, _, err := track.Read(first); err != nil {
			return
		}
		close(heard)
		defer close(done)
		s.media.subscribed(track, receiver, "echo", nack)
	})
	t.Cleanup(func() {
		ends[1].Close()
		<-done
	})
	agree(t, ends[0], ends[1])
	packet := func(number uint16) error {
		return track.WriteRTP(&rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: number,
			Timestamp: uint32(number) * perFrame}, Payload: []byte{byte(number)}})
	}
	for deadline, tick := time.After(time.Minute), time.NewTicker(frame); ; {
		if err := packet(9); err != nil {
			t.Fatal(err)
		}
		select {
		case <-heard:
			tick.Stop()
			return func(number uint16) {
				if err := packet(number); err != nil {
					t.Error(err)
				}
			}
		case <-tick.C:
		case <-deadline:
			t.Fatal("nobody hears the track")
		}
	}
}

// agree connects two ends on this machine.
func agree(t *testing.T, a, b *webrtc.PeerConnection) {
	t.Helper()
	settle := func(pc *webrtc.PeerConnection, d webrtc.SessionDescription, err error) webrtc.SessionDescription {
		gathered := webrtc.GatheringCompletePromise(pc)
		if err == nil {
			err = pc.SetLocalDescription(d)
		}
		if err != nil {
			t.Fatal(err)
		}
		<-gathered
		return *pc.LocalDescription()
	}
	offer, err := a.CreateOffer(nil)
	offer = settle(a, offer, err)
	if err := b.SetRemoteDescription(offer); err != nil {
		t.Fatal(err)
	}
	answer, err := b.CreateAnswer(nil)
	answer = settle(b, answer, err)
	if err := a.SetRemoteDescription(answer); err != nil {
		t.Fatal(err)
	}
}
