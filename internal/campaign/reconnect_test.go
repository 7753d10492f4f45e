package campaign

import (
	"bufio"
	"context"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"rtcbench/internal/sandbox/sandboxtest"
)

// underWay is a command that runs, and what it says.
type underWay struct {
	place
	ended chan ended
	lines chan string
	stop  context.CancelFunc
}

// begin starts a command, and waits until it has said something. It ends at the test's end, if not before.
func (p place) begin(until string, args ...string) *underWay {
	p.Helper()
	ctx, stop := context.WithTimeout(p.Context(), patience)
	u := &underWay{place: p, ended: make(chan ended, 1), lines: make(chan string, 1<<16), stop: stop}
	cmd, stdout, _ := p.command(ctx, args...)
	read, write := io.Pipe()
	cmd.Stderr = write
	if err := cmd.Start(); err != nil {
		p.Fatal(err)
	}
	var said strings.Builder
	var reading sync.WaitGroup
	reading.Go(func() {
		for s := bufio.NewScanner(read); s.Scan(); {
			said.WriteString(s.Text() + "\n")
			select {
			case u.lines <- s.Text():
			default:
			}
		}
		close(u.lines)
	})
	go func() {
		begin := time.Now()
		cmd.Wait()
		took := time.Since(begin)
		write.Close()
		reading.Wait()
		u.ended <- ended{cmd.ProcessState.ExitCode(), stdout.String(), said.String(), took}
	}()
	p.Cleanup(stop)
	for line := range u.lines {
		if strings.Contains(line, until) {
			return u
		}
	}
	p.Fatalf("%v ended before it said %q: %+v", args, until, <-u.ended)
	return nil
}

// TestReconnectTimeout: when the server is gone, a run and a call wait for it as long as is said, and no longer, and
// say so.
func TestReconnectTimeout(t *testing.T) {
	server := sandboxtest.Start(t)
	const limit = 3 * time.Second
	p := newPlace(t, "RTCBENCH_STORE=none", "RTCBENCH_CHROME_RESOLVER_RULES=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1")
	at := []string{"-s", server.URL, "--api-key", server.Key, "--api-secret", server.Secret, "--room", "r",
		"--reconnect-timeout", limit.String()}
	campaign := os.Getenv("RTCBENCH_LONG") != ""
	runs := map[string]*underWay{
		"a run": p.begin("seq=5 ", append([]string{"livekit", "--echo", "local", "-n", "100000", "-c", "20", "-v"},
			at...)...),
		"a call": p.begin("turn 1 of", append([]string{"turn", "livekit", "-n", "10000", "--timeout", "100ms", "--rest",
			"100ms", "--greeting", "0"}, at...)...),
	}
	if campaign {
		runs["a run in the browser"] = p.begin("seq=5 ", append([]string{"livekit", "--echo", "local", "-n", "100000",
			"-c", "20", "-v", "--engine", "browser"}, at...)...)
	}
	gone := time.Now()
	server.Kill()
	var all sync.WaitGroup
	for name, u := range runs {
		all.Go(func() {
			e := <-u.ended
			took := time.Since(gone)
			t.Logf("%s: over by %d ms, exit code %d", name, (took - limit).Milliseconds(), e.code)
			p.sane([]string{name}, e)
			if want := "no connection to the server for 3s"; e.code != 1 || !strings.Contains(e.stderr, want) {
				tail := e.stderr[max(0, len(e.stderr)-600):]
				t.Errorf("%s: exit code %d, and not %q: %s", name, e.code, want, tail)
			}
			if took < limit || campaign && took > limit+time.Second { // it says goodbye to a server that is gone
				t.Errorf("%s: ended %v after its server, want %v", name, took, limit)
			}
		})
	}
	all.Wait()
}
