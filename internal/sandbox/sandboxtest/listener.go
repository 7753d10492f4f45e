package sandboxtest

import (
	"cmp"
	"fmt"
	"sync"
	"testing"
	"time"

	lksdk "github.com/livekit/server-sdk-go/v2"
	"github.com/pion/opus"
	"github.com/pion/webrtc/v4"

	"rtcbench/internal/audio"
)

// Listener is a participant who knows nothing of rtcbench: it subscribes to every track of a room, and decodes what
// comes with a decoder that is not ours.
type Listener struct {
	mu     sync.Mutex
	tracks map[string]*heard // by name
	news   chan struct{}
}

// heard is what came of one track.
type heard struct {
	marked int // packets that a ping or a pong was in
	wrong  error
}

// Listen joins a room, and leaves it with the test.
func (s *Server) Listen(t testing.TB, room string) *Listener {
	t.Helper()
	l := &Listener{tracks: map[string]*heard{}, news: make(chan struct{}, 1)}
	r, err := lksdk.ConnectToRoom(s.URL, lksdk.ConnectInfo{APIKey: s.Key, APISecret: s.Secret, RoomName: room,
		ParticipantIdentity: "listener"}, &lksdk.RoomCallback{ParticipantCallback: lksdk.ParticipantCallback{
		OnTrackSubscribed: func(track *webrtc.TrackRemote, pub *lksdk.RemoteTrackPublication,
			_ *lksdk.RemoteParticipant) {
			go l.listen(track, pub.Name())
		},
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Disconnect)
	return l
}

func (l *Listener) listen(track *webrtc.TrackRemote, name string) {
	decoder, err := opus.NewDecoderWithOutput(48000, 1)
	out := make([]int16, 5760)
	for {
		packet, _, end := track.ReadRTP()
		if end != nil {
			return
		}
		if len(packet.Payload) == 0 { // padding that probes the bandwidth
			continue
		}
		err = cmp.Or(err, silent(&decoder, packet.Payload, out))
		_, verdict := audio.Decode(packet.Payload)
		l.note(name, verdict == audio.Ours, err)
	}
}

// silent is what whoever decodes a packet hears; nil = nothing.
func silent(decoder *opus.Decoder, packet []byte, out []int16) error {
	n, err := decoder.DecodeToInt16(packet, out)
	if err != nil || n == 0 {
		return fmt.Errorf("%x: %d samples, %w", packet, n, err)
	}
	for _, s := range out[:n] {
		if s != 0 {
			return fmt.Errorf("%x is heard: %d", packet, s)
		}
	}
	return nil
}

func (l *Listener) note(name string, marked bool, wrong error) {
	l.mu.Lock()
	h := l.tracks[name]
	if h == nil {
		h = &heard{}
		l.tracks[name] = h
	}
	h.wrong = cmp.Or(h.wrong, wrong)
	if marked {
		h.marked++
	}
	l.mu.Unlock()
	select {
	case l.news <- struct{}{}:
	default:
	}
}

// HeardSilence waits until each of the tracks has brought so many pings or pongs, and fails if anything could be heard.
func (l *Listener) HeardSilence(t testing.TB, marked int, tracks ...string) {
	t.Helper()
	for deadline := time.After(startTimeout); !l.enough(t, marked, tracks); {
		select {
		case <-l.news:
		case <-deadline:
			t.Fatalf("a listener heard too little: %d of %v", marked, tracks)
		}
	}
}

func (l *Listener) enough(t testing.TB, marked int, tracks []string) bool {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, name := range tracks {
		h := l.tracks[name]
		if h == nil || h.marked < marked && h.wrong == nil {
			return false
		}
		if h.wrong != nil {
			t.Fatalf("whoever listens to %s hears it: %v", name, h.wrong)
		}
	}
	return true
}
