package echo

import (
	"context"
	"encoding/binary"
	"errors"
	"sync"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/audio"
	"rtcbench/internal/ping"
)

// Answer answers the pings that arrive in s, messages and audio packets. Each pong goes only to the sender of its ping,
// on the channel by which the ping came. Answer ends when ctx or s does. A pong that cannot be sent is dropped: the
// pinger calls its ping lost, as it should. Answer does not close s.
func Answer(ctx context.Context, s bench.Session, clock bench.Clock) error {
	return answer(ctx, s, clock, &seenRuns{}, func(time.Duration) {})
}

// clockErrorAge is how long the echo uses an error that its clock has claimed.
const clockErrorAge = time.Second

// answer calls held with the time that each ping was kept, from its arrival in the SDK to just before its pong is sent.
func answer(ctx context.Context, s bench.Session, clock bench.Clock, seen *seenRuns, held func(time.Duration)) error {
	a := answerer{clock: clock, seen: seen, held: held}
	if d, ok := s.(bench.Direct); ok {
		d.Direct(func(packet bench.Packet) { a.send(ctx, s, packet) })
		defer d.Direct(nil)
	}
	for {
		packet, err := s.Recv(ctx)
		if err != nil {
			return err
		}
		err = a.send(ctx, s, packet)
		if ctx.Err() != nil || errors.Is(err, bench.ErrEnded) || errors.Is(err, bench.ErrClosed) {
			return err
		}
	}
}

// send answers a packet, if the packet is one to be answered.
func (a *answerer) send(ctx context.Context, s bench.Session, packet bench.Packet) error {
	a.mu.Lock()
	pong, ok := a.answer(packet)
	if packet.Class == bench.RTPAudio { // several goroutines share the buffer of audio
		defer a.mu.Unlock()
	} else {
		a.mu.Unlock()
	}
	if !ok {
		return nil
	}
	return s.Send(ctx, pong)
}

// answerer makes pongs in two buffers. The buffer for messages is used by one goroutine alone.
type answerer struct {
	clock bench.Clock
	held  func(time.Duration)

	mu     sync.Mutex
	seen   *seenRuns
	count  uint64
	buf    []byte
	packet []byte
	run    []byte
	off    bench.Quantity // the clock's own error, as it was …
	told   time.Time      // … then
}

// answer is the message that answers a packet, if one does. An answer to nobody would go to everybody.
func (a *answerer) answer(packet bench.Packet) (pong bench.Message, ok bool) {
	switch {
	case packet.From == "":
		return pong, false
	case packet.Class == bench.RTPAudio:
		ok = a.audio(packet)
		return bench.Message{Payload: a.packet, To: packet.From, Class: bench.RTPAudio, Answers: packet.Media}, ok
	}
	asked, ok := ping.DecodePing(packet.Payload)
	if !ok {
		return pong, false
	}
	var seen *bench.Seen
	if asked.Run != nil { // else its runner does not ask
		seen = a.seen.note(packet.From, asked.Run, asked.Number())
	}
	received, sent := a.stamp(packet)
	stamps := ping.Stamps{Received: received, Sent: sent, Error: a.off, Wrong: a.clock.IsWrong()}
	a.buf = ping.AppendPong(a.buf[:0], asked, stamps, a.count, seen)
	return bench.Message{Payload: a.buf, To: packet.From, Class: asked.Class}, true
}

// stamp counts a ping, and says when it came and when it is answered, both in Unix ms.
func (a *answerer) stamp(packet bench.Packet) (received, sent float64) {
	a.count++
	if a.told.IsZero() || time.Since(a.told) > clockErrorAge {
		a.off, a.told = a.clock.Error(), time.Now()
	}
	now := time.Now()
	a.held(now.Sub(packet.At))
	return a.clock.UnixMilli(packet.At), a.clock.UnixMilli(now)
}

// audio writes the packet that answers another one into the buffer. Fillers and sound without a ping are sent back as
// they are, so that the way back is the stream that the way there is: a page that does not come to send a ping sends
// its sound all the same. The silence that an SFU sends by itself gets no answer.
func (a *answerer) audio(packet bench.Packet) bool {
	asked, verdict := audio.Decode(packet.Payload)
	if verdict == audio.NotOurs && !audio.IsSilence(packet.Payload) {
		a.packet = append(a.packet[:0], packet.Payload...)
		return true
	}
	if verdict != audio.Ours || asked.Type != audio.Ping {
		return false
	}
	a.run = binary.BigEndian.AppendUint64(a.run[:0], asked.Run)
	seen := a.seen.note(packet.From, a.run, asked.Seq)
	received, sent := a.stamp(packet)
	stamps := audio.Stamps{Received: received, Sent: sent, Error: a.off, Wrong: a.clock.IsWrong(), At: audio.AtWire}
	a.packet = audio.AppendReply(a.packet[:0], packet.Payload, asked.Answered(stamps, *seen))
	return true
}
