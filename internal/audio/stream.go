package audio

import (
	"bytes"
	"context"
	"sync"
	"time"

	"rtcbench/bench"
)

// Frame is the distance in time of the packets of a stream.
const Frame = 20 * time.Millisecond

// usualSize is the size of packets, in bytes, where nobody asks for another one: that of packets of speech.
const usualSize = 140

// IsFiller reports whether a payload is one that Append makes without a record. The silence that an SFU sends by itself
// has no padding, so it is no filler.
func IsFiller(payload []byte) bool {
	toc, frame, padding, ok := split(payload)
	return ok && toc == silence[0] && bytes.Equal(frame, silence[1:]) && len(bytes.TrimLeft(padding, "\x00")) == 0
}

// IsSilence reports whether a payload is the silence that an SFU sends by itself: without padding, and perhaps longer
// by zeros.
func IsSilence(payload []byte) bool {
	rest, ok := bytes.CutPrefix(payload, silence)
	return ok && len(bytes.TrimLeft(rest, "\x00")) == 0
}

// stream keeps the runner's track a stream where pings are farther apart than frames: fillers go between them.
type stream struct {
	session bench.Session
	spacing time.Duration // of the pings; 0 = in a closed loop, where nobody knows when the next one comes
	filler  []byte

	mu   sync.Mutex
	ping time.Time // the last one …
	last time.Time // … and the last packet of all
}

// left notes that a ping leaves.
func (s *stream) left(at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ping, s.last = at, at
}

// keep sends fillers until ctx ends. A filler that cannot be sent is left out.
func (s *stream) keep(ctx context.Context) {
	timer := time.NewTimer(Frame)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
		case <-ctx.Done():
			return
		}
		now := time.Now()
		due, look := s.due(now)
		if !due.After(now) {
			s.session.Send(ctx, bench.Message{Payload: s.filler, Class: bench.RTPAudio})
			look = s.filled(due, now)
		}
		timer.Reset(max(time.Until(look), time.Millisecond))
	}
}

// due is when the next filler has to leave: a frame after the last packet, unless a ping is about to leave then. In
// that case look is soon after the ping has left, and not the moment at which the ping leaves, which is measured.
func (s *stream) due(now time.Time) (due, look time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.last.IsZero() { // the stream begins with a ping
		return now.Add(Frame), now.Add(Frame)
	}
	due = s.last.Add(Frame)
	next := s.ping.Add(s.spacing)
	if s.spacing == 0 || due.Sub(next).Abs() >= Frame/2 {
		return due, due
	}
	due = next.Add(Frame)
	if look = next.Add(Frame / 4); !look.After(now) {
		look = due
	}
	return due, look
}

// filled notes a filler that was due at the moment due, and says when to look for the next one.
func (s *stream) filled(due, now time.Time) time.Time {
	s.mu.Lock()
	if due.After(s.last) {
		s.last = due
	}
	s.mu.Unlock()
	_, look := s.due(now)
	return look
}
