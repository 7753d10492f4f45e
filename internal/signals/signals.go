// Package signals ends a command at Ctrl-C, SIGTERM or SIGHUP, and says by which exit code.
package signals

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
)

// Stopped is the cause of a context that a signal ended.
type Stopped struct{ Signal os.Signal }

func (s Stopped) Error() string { return "stopped by " + s.Signal.String() }

// Stops marks the cause as one after which somebody waits for the end: see package keep.
func (s Stopped) Stops() {}

// code is the exit code by the shells' convention.
func (s Stopped) code() int {
	if n, ok := s.Signal.(syscall.Signal); ok {
		return 128 + int(n)
	}
	return 1
}

// Until ends its context at the first Ctrl-C or SIGTERM, and, where hangup is true, at a SIGHUP, as when a terminal
// goes away. A second signal kills the process at once, as if it were not handled. A SIGHUP that the process was told
// to ignore (nohup) stays ignored.
func Until(parent context.Context, hangup bool) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(parent)
	ch := make(chan os.Signal, 1)
	signal.Notify(ch, os.Interrupt, syscall.SIGTERM)
	if hangup && Hangup != nil && !signal.Ignored(Hangup) {
		signal.Notify(ch, Hangup)
	}
	go func() {
		select {
		case s := <-ch:
			signal.Stop(ch)
			cancel(Stopped{s})
		case <-ctx.Done():
			signal.Stop(ch)
		}
	}()
	return ctx, func() { cancel(nil) }
}

// OnHangup calls f at each SIGHUP until ctx ends.
func OnHangup(ctx context.Context, f func()) {
	if Hangup == nil {
		return
	}
	ch := make(chan os.Signal, 1)
	signal.Notify(ch, Hangup)
	defer signal.Stop(ch)
	for {
		select {
		case <-ch:
			f()
		case <-ctx.Done():
			return
		}
	}
}

// ExitCode is the exit code of a command whose context a signal ended; false = no signal did.
func ExitCode(ctx context.Context) (int, bool) {
	var s Stopped
	if errors.As(context.Cause(ctx), &s) {
		return s.code(), true
	}
	return 0, false
}
