//go:build unix

package signals

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"testing"
	"time"
)

const patience = 2 * time.Minute

// listener is the variable that makes a process of this test one that ends in its own time.
const listener = "RTCBENCH_TEST_LISTENER"

// belowNohup says that this process began with SIGHUP ignored, as one below nohup does.
// It is asked before the first test: a test that listens to SIGHUP changes the answer.
var belowNohup = signal.Ignored(syscall.SIGHUP)

func TestMain(m *testing.M) {
	if os.Getenv(listener) != "" {
		ctx, _ := Until(context.Background(), true)
		fmt.Println("listening")
		<-ctx.Done()
		code, _ := ExitCode(ctx)
		fmt.Println(code)
		time.Sleep(patience) // as one that hangs while it ends
	}
	os.Exit(m.Run())
}

// TestTheFirstSignalAsksAndTheSecondKills: a command keeps what it has when it is told to stop, by the exit code that
// shells expect, and somebody who does not want to wait for that says it twice.
func TestTheFirstSignalAsksAndTheSecondKills(t *testing.T) {
	t.Parallel()
	codes := map[syscall.Signal]string{syscall.SIGINT: "130", syscall.SIGTERM: "143", syscall.SIGHUP: "129"}
	if belowNohup {
		delete(codes, syscall.SIGHUP)
	}
	for sent, code := range codes {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		cmd := exec.CommandContext(ctx, os.Args[0])
		cmd.Env = append(os.Environ(), listener+"=1")
		stdout, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(stdout)
		for _, want := range []string{"listening", code} {
			if !lines.Scan() || lines.Text() != want {
				t.Errorf("%v: %q, want %q", sent, lines.Text(), want)
			}
			cmd.Process.Signal(sent)
		}
		var ended *exec.ExitError
		if err := cmd.Wait(); !errors.As(err, &ended) || ctx.Err() != nil ||
			ended.Sys().(syscall.WaitStatus).Signal() != sent {
			t.Errorf("%v for the second time: %v", sent, err)
		}
	}
}

// TestHangupReadsAgain: rtcbench run reads its file again at each SIGHUP, and goes on.
func TestHangupReadsAgain(t *testing.T) {
	again := make(chan struct{})
	ctx, stop := Until(t.Context(), false)
	defer stop()
	done := make(chan struct{})
	early := make(chan os.Signal, 1) // one that comes before OnHangup listens does not kill the process
	signal.Notify(early, Hangup)
	defer signal.Stop(early)
	go func() {
		defer close(done)
		OnHangup(ctx, func() {
			select {
			case again <- struct{}{}:
			case <-ctx.Done():
			}
		})
	}()
	for range 2 {
		for read := false; !read; {
			syscall.Kill(os.Getpid(), syscall.SIGHUP)
			select {
			case <-again:
				read = true
			case <-time.After(100 * time.Millisecond): // nobody listened yet
			}
		}
	}
	if code, ended := ExitCode(ctx); ended || ctx.Err() != nil {
		t.Errorf("the command ended with %d, %v", code, context.Cause(ctx))
	}
	stop()
	<-done
	if code, ended := ExitCode(ctx); ended {
		t.Errorf("a command that was done ended by a signal, with %d", code)
	}
}
