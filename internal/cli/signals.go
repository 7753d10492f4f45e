package cli

import "rtcbench/internal/signals"

// untilStopped runs f, which changes nothing that outlives this process. A signal ends it at once, whatever f does: f
// is left alone then.
func (a *app) untilStopped(f func() error) error {
	defer signals.WithLittleMemory()()
	done := make(chan error, 1)
	go func() { done <- f() }()
	select {
	case err := <-done:
		return err
	case <-a.ctx.Done():
		if code, ok := signals.ExitCode(a.ctx); ok {
			return exitError{code, nil}
		}
		return <-done // no signal did: what f has to say comes first
	}
}

// bySignal is how a command ends that works until a signal.
func (a *app) bySignal() error {
	code, _ := signals.ExitCode(a.ctx)
	return exitError{code, silent{}}
}
