//go:build !race

package audio_test

import (
	"context"
	"testing"
	"testing/fstest"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/audio"
	"rtcbench/internal/recorder"
)

// silent takes every ping and answers it at once, in memory of its own.
type silent struct {
	pongs chan []byte
	spare chan []byte
	seen  bench.Seen
}

func (s *silent) Send(_ context.Context, m bench.Message) error {
	asked, v := audio.Decode(m.Payload)
	if v != audio.Ours {
		return nil
	}
	s.seen.Note(asked.Seq)
	select {
	case buf := <-s.spare:
		s.pongs <- audio.Append(buf[:0], nil, len(m.Payload), asked.Answered(audio.Stamps{Received: 1e12, Sent: 1e12},
			s.seen))
	default: // nobody asked for an answer any more
	}
	return nil
}

func (s *silent) Recv(ctx context.Context) (bench.Packet, error) {
	select {
	case b := <-s.pongs:
		p := bench.Packet{Payload: b, At: time.Now(), Class: bench.RTPAudio, From: "echo"}
		s.spare <- b
		return p, nil
	case <-ctx.Done():
		return bench.Packet{}, ctx.Err()
	}
}
func (s *silent) Facts() bench.Facts { return bench.Facts{} }
func (s *silent) Close() error       { return nil }

func TestProbeAllocatesNothingPerPing(t *testing.T) {
	measure := func(count int) float64 {
		p := plan(count)
		p.Cooldown, p.Warmup = 0, 0
		return testing.AllocsPerRun(3, func() {
			s := &silent{pongs: make(chan []byte, 4), spare: make(chan []byte, 4)}
			s.spare <- make([]byte, 0, audio.MaxSize)
			run, err := audio.Prober{Session: s, Clock: bench.NewClock(),
				Machine: recorder.Machine{Proc: fstest.MapFS{}}}.Probe(t.Context(), p, nil)
			if err != nil || run.Counts.Answered != count {
				t.Fatalf("%v, %+v", err, run.Counts)
			}
		})
	}
	if few, many := measure(100), measure(2100); many-few > 5 {
		t.Errorf("%.0f allocations for 2000 pings more, want 0 (%.0f → %.0f)", many-few, few, many)
	}
}
