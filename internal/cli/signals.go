package cli

import (
	"context"

	"rtcbench/internal/signals"
)

// untilStopped runs f, which changes nothing that outlives this process. A signal ends it at once, whatever f does: f
// is left alone then.
func (a *app) untilStopped(f func() error) error {
	done := make(chan error, 1)
	go func() { done <- f() }()
	select {
	case err := <-done:
		return err
	case <-a.ctx.Done():
		if code, ok := signals.ExitCode(a.ctx); ok {
			return exitError{code, nil}
		}
		return context.Cause(a.ctx)
	}
}
