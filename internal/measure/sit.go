package measure

import (
	"context"
	"errors"
	"fmt"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/browser"
)

// againPause is the pause before a new seat is taken.
const againPause = 2 * time.Second

var errSeatLost = errors.New("seat lost")

// SitOn answers in a room from a page of a browser of its own until ctx ends. It takes a new seat for a seat that is
// lost. It returns an error only if it never had a seat.
func SitOn(ctx context.Context, options browser.Options, p bench.Platform, room bench.Meeting,
	within time.Duration, ready func(), lost func(error)) error {
	b, err := browser.Start(ctx, options)
	if err != nil {
		return err
	}
	defer b.Close()
	for first := true; ctx.Err() == nil; first = false {
		err := sitOnce(ctx, b, p, room, within, ready)
		if ctx.Err() != nil {
			break
		}
		if first && !errors.Is(err, errSeatLost) {
			return err
		}
		lost(err)
		select {
		case <-time.After(againPause):
		case <-ctx.Done():
		}
	}
	return nil
}

// sitOnce answers from one page until its seat is lost or ctx ends.
func sitOnce(ctx context.Context, b *browser.Browser, p bench.Platform, room bench.Meeting, within time.Duration,
	ready func()) error {
	page, err := Sit(ctx, b, p, room, within)
	if err != nil {
		return err
	}
	defer page.Close()
	ready()
	look := time.NewTicker(LookInterval)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-look.C:
		}
		why, err := page.Ended(ctx)
		if err != nil {
			return fmt.Errorf("%w: %w", errSeatLost, err)
		}
		if why != "" {
			return fmt.Errorf("%w: %s", errSeatLost, why)
		}
	}
}
