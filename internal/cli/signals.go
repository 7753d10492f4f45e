package cli

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
)

// stopped is the cause of a context that a signal ended.
type stopped struct{ signal os.Signal }

func (s stopped) Error() string { return "stopped by " + s.signal.String() }

// Stops says that somebody waits for the end: see package keep.
func (s stopped) Stops() {}

// code is the exit code by the shells' convention.
func (s stopped) code() int {
	if n, ok := s.signal.(syscall.Signal); ok {
		return 128 + int(n)
	}
	return exitFailed
}

// untilSignal ends its context at the first Ctrl-C or SIGTERM, and where hangup is true at a SIGHUP, as of a terminal
// that goes away. A second one kills the process at once, as if nobody listened. A SIGHUP that the process was told to
// ignore (nohup) stays ignored.
func untilSignal(parent context.Context, hangup bool) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(parent)
	ch := make(chan os.Signal, 1)
	signal.Notify(ch, os.Interrupt, syscall.SIGTERM)
	if hangup && hangupSignal != nil && !signal.Ignored(hangupSignal) {
		signal.Notify(ch, hangupSignal)
	}
	go func() {
		select {
		case s := <-ch:
			signal.Stop(ch)
			cancel(stopped{s})
		case <-ctx.Done():
			signal.Stop(ch)
		}
	}()
	return ctx, func() { cancel(nil) }
}

// stopCode is the exit code of a context that a signal ended.
func stopCode(ctx context.Context) (int, bool) {
	var s stopped
	if errors.As(context.Cause(ctx), &s) {
		return s.code(), true
	}
	return 0, false
}

// untilStopped runs f, which changes nothing that outlives this process. A signal ends it at once, whatever f does: f
// is left alone then.
func (a *app) untilStopped(f func() error) error {
	done := make(chan error, 1)
	go func() { done <- f() }()
	select {
	case err := <-done:
		return err
	case <-a.ctx.Done():
		if code, ok := stopCode(a.ctx); ok {
			return exitError{code, nil}
		}
		return context.Cause(a.ctx)
	}
}
