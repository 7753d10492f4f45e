package cli

import "rtcbench/internal/signals"

// untilStopped runs f, which changes nothing that outlives this process. A signal ends the command at once, whatever f
// is doing: f is left to itself then.
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
		return <-done // ctx did not end by a signal: the error of f is the one that counts
	}
}

// bySignal is the error with which a command ends that works until a signal.
func (a *app) bySignal() error {
	code, _ := signals.ExitCode(a.ctx)
	return exitError{code, silent{}}
}
