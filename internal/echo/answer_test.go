package echo

import (
	"bytes"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/audio"
)

// TestWhatOfATrackIsAnswered: pings with pongs, fillers and sound with themselves, each in its place in time; what an
// SFU sends by itself, what was torn, and pongs not at all.
func TestWhatOfATrackIsAnswered(t *testing.T) {
	sound := []byte{0x78, 1, 2, 3, 4, 5}
	ping := audio.Append(nil, sound, 140, audio.Record{Type: audio.Ping, Run: 7, Seq: 1})
	torn := bytes.Clone(ping)
	torn[20] ^= 1
	for _, x := range []struct {
		what     string
		payload  []byte
		answered bool
	}{
		{"a ping", ping, true},
		{"a filler", audio.Append(nil, nil, 140), true},
		{"sound", sound, true},
		{"an SFU's silence", []byte{0xf8, 0xff, 0xfe}, false},
		{"a long one", append([]byte{0xf8, 0xff, 0xfe}, make([]byte, 77)...), false},
		{"a torn ping", torn, false},
		{"a pong", audio.Append(nil, sound, 140, audio.Record{Type: audio.Pong, Run: 7, Seq: 1}), false},
	} {
		a := answerer{clock: bench.NewClock(), seen: &seenRuns{}, held: func(time.Duration) {}}
		at := bench.MediaTime{Stamp: 960, OK: true}
		m, ok := a.answer(bench.Packet{Payload: x.payload, From: "runner", At: time.Now(), Class: bench.RTPAudio,
			Media: at})
		if ok != x.answered {
			t.Errorf("%s is answered: %v", x.what, ok)
			continue
		}
		if ok && (m.Answers != at || m.To != "runner" || len(m.Payload) != len(x.payload)) {
			t.Errorf("%s: %+v", x.what, m)
		}
		if ok && !bytes.Equal(x.payload, ping) && !bytes.Equal(m.Payload, x.payload) {
			t.Errorf("%s: %x came back as %x", x.what, x.payload, m.Payload)
		}
	}
}
