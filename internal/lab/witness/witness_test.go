package witness

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"rtcbench/bench"
	"rtcbench/internal/audio"
)

// seat is a session that gives these packets, and then has ended.
type seat struct {
	bench.Session
	packets []bench.Packet
}

func (s *seat) Recv(context.Context) (bench.Packet, error) {
	if len(s.packets) == 0 {
		return bench.Packet{}, bench.ErrEnded
	}
	p := s.packets[0]
	s.packets = s.packets[1:]
	return p, nil
}

// TestTheWitnessKnowsWhichPingsCame: each counted ping that reached the echo is in its log, by message or by audio, and
// nothing else is: no ping of the warm-up, no pong, nothing of strangers. The echo gets all of it.
func TestTheWitnessKnowsWhichPingsCame(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pings.log")
	log, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	message := func(text string) bench.Packet { return bench.Packet{Payload: []byte(text)} }
	sound := func(records ...audio.Record) bench.Packet {
		return bench.Packet{Payload: audio.Append(nil, nil, 200, records...), Class: bench.RTPAudio}
	}
	packets := []bench.Packet{
		message(`{"type":"ping","timestamp":1.5,"seq":7,"run":"5c1ab2f0"}`),
		message(`{"type":"ping","timestamp":1.5,"seq":0}`),
		message(`{"type":"ping","timestamp":1.5}`),
		message(`{"type":"pong","client_timestamp":1.5,"seq":8}`),
		message(`{"type":"chat","seq":9}`),
		sound(audio.Record{Type: audio.Ping, Seq: 10}, audio.Record{Type: audio.Ping, Seq: 11}),
		sound(audio.Record{Type: audio.Ping}, audio.Record{Type: audio.Pong, Seq: 12}),
		sound(),
	}
	join := log.Beside(func(context.Context) (bench.Session, error) {
		return &seat{packets: slices.Clone(packets)}, nil
	})
	session, err := join(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range packets {
		if got, err := session.Recv(t.Context()); err != nil || string(got.Payload) != string(want.Payload) {
			t.Errorf("packet %d: %q, %v", i, got.Payload, err)
		}
	}
	if _, err := session.Recv(t.Context()); err != bench.ErrEnded {
		t.Errorf("after the end: %v", err)
	}
	if err := log.Close(); err != nil {
		t.Error(err)
	}
	if heard, err := Read(path); err != nil || !maps.Equal(heard, map[uint32]bool{7: true, 10: true, 11: true}) {
		t.Errorf("%v, %v, want 7, 10 and 11", heard, err)
	}
}

// TestALogThatIsNoneOrDamaged: where nobody asks for a log the seat is as it was, and no number is made up for a line
// that is none.
func TestALogThatIsNoneOrDamaged(t *testing.T) {
	log, err := Create("")
	want := &seat{}
	join := log.Beside(func(context.Context) (bench.Session, error) { return want, nil })
	if s, joined := join(t.Context()); err != nil || joined != nil || s != bench.Session(want) || log.Close() != nil {
		t.Errorf("%v, %v, %v", s, joined, err)
	}
	path := filepath.Join(t.TempDir(), "pings.log")
	if heard, err := Read(path); heard != nil || err != nil {
		t.Errorf("of no log %v, %v", heard, err)
	}
	for _, text := range []string{"1\n2x\n", "-1\n", "4294967296\n", "\n"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if heard, err := Read(path); err == nil {
			t.Errorf("%q was read as %v", text, heard)
		}
	}
}
