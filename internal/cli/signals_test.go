package cli

import (
	"bytes"
	"context"
	"errors"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"rtcbench/internal/signals"
)

// TestUntilStopped: whatever a command that only reads is doing, a signal ends it at once, with the code that shells
// expect.
func TestUntilStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancelCause(t.Context())
		a := &app{ctx: ctx, stderr: &bytes.Buffer{}}
		release := make(chan struct{})
		time.AfterFunc(time.Second, func() { stop(signals.Stopped{Signal: syscall.SIGINT}) })
		begin := time.Now()
		err := a.untilStopped(func() error { <-release; return nil }) // as deaf as statistics of millions of pings
		var e exitError
		if took := time.Since(begin); took != time.Second || !errors.As(err, &e) || e.code != 130 {
			t.Errorf("after %v: %v", took, err)
		}
		close(release)
	})
}
