package sandboxtest

import (
	"cmp"
	"fmt"
	"slices"
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
	decoder, plain opus.Decoder
	marked         int // packets that a ping or a pong was in
	wrong          error
}

// NewListener is one who hears what Hear is given.
func NewListener() *Listener {
	return &Listener{tracks: map[string]*heard{}, news: make(chan struct{}, 1)}
}

// Listen joins a room, and leaves it with the test.
func (s *Server) Listen(t testing.TB, room string) *Listener {
	t.Helper()
	l := NewListener()
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
	for {
		packet, _, end := track.ReadRTP()
		if end != nil {
			return
		}
		l.Hear(name, packet.Payload)
	}
}

// faint is 80 dB below the loudest: what a browser's encoder may make of zeros, and no speaker plays.
const faint = 3

// silent is what whoever decodes a packet hears; nil = nothing, and the same as without what rides in it.
func (h *heard) silent(packet []byte) error {
	out, plain := make([]int16, 5760), make([]int16, 5760)
	n, err := h.decoder.DecodeToInt16(packet, out)
	if err != nil || n == 0 {
		return fmt.Errorf("%x: %d samples, %w", packet, n, err)
	}
	if m, err := h.plain.DecodeToInt16(audio.Bare(packet), plain); err != nil || !slices.Equal(out[:n], plain[:m]) {
		return fmt.Errorf("%x does not sound as it does without the record: %w", packet, err)
	}
	for _, s := range out[:n] {
		if s < -faint || s > faint {
			return fmt.Errorf("%x is heard: %d", packet, s)
		}
	}
	return nil
}

// Hear decodes a packet of a track.
func (l *Listener) Hear(name string, packet []byte) {
	if len(packet) == 0 { // padding that probes the bandwidth
		return
	}
	l.mu.Lock()
	h := l.tracks[name]
	if h == nil {
		h = &heard{}
		h.decoder, h.wrong = opus.NewDecoderWithOutput(48000, 1)
		h.plain, _ = opus.NewDecoderWithOutput(48000, 1)
		l.tracks[name] = h
	}
	h.wrong = cmp.Or(h.wrong, h.silent(packet))
	if _, verdict := audio.Decode(packet); verdict == audio.Ours {
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
