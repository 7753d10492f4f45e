package lab

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// leaveTimeout is how long the processes in a lab have to end before they are killed.
const leaveTimeout = 20 * time.Second

// Processes are the processes that run in the places of a network beside what is measured: its server, its echo.
type Processes struct {
	Network *Network
	running []*exec.Cmd
}

// Leave waits for a process that was asked to end, and kills it when it does not.
func Leave(ended <-chan error, cmd *exec.Cmd) error {
	select {
	case err := <-ended:
		return err
	case <-time.After(leaveTimeout):
		cmd.Process.Kill()
		return <-ended
	}
}

// Start starts a process that ends with the lab.
func (l *Processes) Start(p Place, cmd *exec.Cmd) error {
	if err := l.Network.Start(p, cmd); err != nil {
		return fmt.Errorf("start in the lab's place %s: %w", p, err)
	}
	l.running = append(l.running, cmd)
	return nil
}

// startTimeout is how long the server and the echo have to begin.
const startTimeout = 60 * time.Second

// Wait starts cmd in a place and returns when cmd has said word, by which it tells that it is ready, or when ctx ends.
func (l *Processes) Wait(ctx context.Context, p Place, cmd *exec.Cmd, word string) error {
	out, in, err := os.Pipe()
	if err != nil {
		return err
	}
	cmd.Stderr = in
	err = l.Start(p, cmd)
	in.Close()
	if err != nil {
		out.Close()
		return err
	}
	ready := make(chan string, 1)
	go func() {
		defer out.Close()
		var said []string
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if strings.Contains(lines.Text(), word) {
				ready <- ""
				io.Copy(io.Discard, out)
				return
			}
			said = append(said, lines.Text())
		}
		ready <- "it ended: " + strings.Join(said, "; ")
	}()
	limit := time.NewTimer(startTimeout)
	defer limit.Stop()
	select {
	case failed := <-ready:
		if failed != "" {
			return fmt.Errorf("in the lab's place %s: %s", p, failed)
		}
		return nil
	case <-limit.C:
		return fmt.Errorf("in the lab's place %s: not ready after %v", p, startTimeout)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// End ends the processes, the last one first.
func (l *Processes) End() {
	for i := len(l.running) - 1; i >= 0; i-- {
		cmd := l.running[i]
		cmd.Process.Signal(syscall.SIGTERM)
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		Leave(ended, cmd)
	}
}
