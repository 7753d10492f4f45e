// Package echo answers pings: in one session (Answer), for as long as a process lives, with a new seat whenever the old
// one is lost (Serve), or in rooms that runners ask for over HTTP (Service; Client is the runner's side of it). It does
// not measure.
package echo

import (
	"context"
	"fmt"
	"time"

	"rtcbench/bench"
)

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

// Serve answers pings until ctx ends, and then returns nil. It returns an error only if the first join fails.
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
