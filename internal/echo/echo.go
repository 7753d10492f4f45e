// Package echo answers pings: in one session, or for as long as a process lives by taking a
// new seat whenever the old one is lost, or in rooms that runners ask for over HTTP (Service; Client is
// the runner's side of it). It does not measure.
package echo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/ping"
)

// Answer answers the pings that arrive in s, each only to the one that sent it and on the
// channel it came by, until ctx ends or s does. A pong that cannot be sent is dropped: the
// pinger calls its ping lost, as it should. It does not close s.
func Answer(ctx context.Context, s bench.Session, clock bench.Clock) error {
	return answer(ctx, s, clock, &seenRuns{}, func(time.Duration) {})
}

// clockErrorAge is how long the echo believes what it was told of its clock.
const clockErrorAge = time.Second

// answer calls held with the time that each ping was kept, from its arrival in the SDK to just before its pong is sent.
func answer(ctx context.Context, s bench.Session, clock bench.Clock, seen *seenRuns, held func(time.Duration)) error {
	var count uint64
	var buf []byte
	var off bench.Quantity // the clock's own error, as it was …
	var told time.Time     // … then
	for {
		packet, err := s.Recv(ctx)
		if err != nil {
			return err
		}
		asked, ok := ping.DecodePing(packet.Payload)
		if !ok || packet.From == "" { // an answer to nobody would go to everybody
			continue
		}
		count++
		of := seen.note(packet.From, asked)
		if told.IsZero() || time.Since(told) > clockErrorAge {
			off, told = clock.Error(), time.Now()
		}
		now := time.Now()
		stamps := ping.Stamps{Received: clock.UnixMilli(packet.At), Sent: clock.UnixMilli(now), Error: off,
			Wrong: clock.IsWrong()}
		buf = ping.AppendPong(buf[:0], asked, stamps, count, of)
		held(now.Sub(packet.At))
		err = s.Send(ctx, bench.Message{Payload: buf, To: packet.From, Class: asked.Class})
		if ctx.Err() != nil || errors.Is(err, bench.ErrEnded) || errors.Is(err, bench.ErrClosed) {
			return err
		}
	}
}

const (
	firstPause   = 250 * time.Millisecond // between attempts to join again
	longestPause = 2 * time.Second
	// Patience is how long a lost link is left to the SDK before Serve takes a new seat. It is
	// short because an SDK waits longer and longer between its attempts, and an echo that
	// misses the server's return misses pings.
	Patience = 2 * time.Second
)

// Seat says how Serve joins: Join is called for each new seat and ends by its context.
type Seat struct {
	Join   func(context.Context) (bench.Session, error)
	Clock  bench.Clock
	Ready  func(bench.Session) // after each join
	Lost   func(error)         // when a seat is lost and when a join fails, but for the first
	Within time.Duration       // how long one join may take
	Held   func(time.Duration) // with how long each ping was kept; nil = nobody asks
}

// Serve answers pings until ctx ends, then returns nil. Only the first join may fail.
func Serve(ctx context.Context, seat Seat) error {
	pause, joined := firstPause, false
	held, seen := seat.Held, &seenRuns{} // what was seen outlives a seat
	if held == nil {
		held = func(time.Duration) {}
	}
	for {
		joining, cancel := context.WithTimeout(ctx, seat.Within)
		session, err := seat.Join(joining)
		cancel()
		switch {
		case ctx.Err() != nil:
			if err == nil {
				return session.Close()
			}
			return nil
		case err != nil && !joined:
			return err
		case err != nil:
			seat.Lost(fmt.Errorf("join again: %w", err))
		default:
			joined, pause = true, firstPause
			seat.Ready(session)
			err = answer(ctx, session, seat.Clock, seen, held)
			session.Close()
			if ctx.Err() != nil {
				return nil
			}
			seat.Lost(err)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil
		}
		pause = min(2*pause, longestPause)
	}
}
