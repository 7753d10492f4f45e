package lab

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"syscall"
)

// Cast is the commands that run in a network. Every command is ready to be started.
type Cast struct {
	Busy        func() *exec.Cmd // keeps one processor busy with nothing
	Server      *exec.Cmd
	ServerReady string // the words that the server writes when it is ready
	Echo        *exec.Cmd
	EchoReady   string
	Command     *exec.Cmd // what is measured, at the runner's place
}

// ErrNotPlayed is wrapped by the error of Play where the command was not started.
var ErrNotPlayed = errors.New("the command in the lab did not start")

// Play starts the server and the echo, then the command, and returns when the command has ended: with its
// *exec.ExitError where it failed. When ctx ends, the command is asked to end. The other processes end with Play.
func (n *Network) Play(ctx context.Context, c Cast) error {
	others := Processes{Network: n}
	defer others.End()
	if err := others.around(ctx, c); err != nil {
		return notPlayed{err}
	}
	if err := n.Start(Runner, c.Command); err != nil {
		return notPlayed{fmt.Errorf("start the command in the lab: %w", err)}
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Command.Wait() }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		c.Command.Process.Signal(syscall.SIGINT)
		return Leave(ended, c.Command)
	}
}

// around starts everything but the command.
func (l *Processes) around(ctx context.Context, c Cast) error {
	for range runtime.NumCPU() {
		if err := l.Start(Runner, c.Busy()); err != nil {
			return err
		}
	}
	if err := l.Wait(ctx, SFU, c.Server, c.ServerReady); err != nil {
		return err
	}
	return l.Wait(ctx, Echo, c.Echo, c.EchoReady)
}

// notPlayed is an error whose text is complete by itself.
type notPlayed struct{ error }

func (e notPlayed) Unwrap() error { return e.error }

func (notPlayed) Is(target error) bool { return target == ErrNotPlayed }
