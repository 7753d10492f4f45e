package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"rtcbench/internal/benchtest"
	"rtcbench/internal/sandbox/sandboxtest"
)

// An echo answers in each room of a prefix, at one time, leaves when the runner has left, and leaves all at Ctrl-C.
func TestEchoOfAPrefix(t *testing.T) {
	benchtest.Beside(t, benchtest.Light)
	server := sandboxtest.Start(t)
	key := []string{"-s", server.URL, "--api-key", server.Key, "--api-secret", server.Secret}
	watcher := start(t, append([]string{"echo", "--room-prefix", "bench-"}, key...)...)
	watcher.waitForLine(t, `echo watches for rooms "bench-*"`, patience)
	runner := func(room string, more ...string) *process {
		args := append([]string{"livekit", "--echo", "remote", "--room", room, "-c", "20"}, key...)
		return start(t, append(args, more...)...)
	}
	stranger := runner("other-1", "-n", "1", "--echo-timeout", "1ms")
	var all sync.WaitGroup
	for _, room := range []string{"bench-1", "bench-2"} {
		out := filepath.Join(t.TempDir(), "out.json")
		p := runner(room, "-n", "20", "--echo-timeout", "2m", "-o", out)
		all.Go(func() {
			if code := p.exit(t, patience); code != 0 {
				t.Errorf("%s: exit code %d:\n%s", room, code, p.stderr())
				return
			}
			if e := readFile(t, out).Details.Echo; !strings.HasPrefix(*e.Identity, "rtcbench-echo-") ||
				e.Mode != "remote" {
				t.Errorf("%s: %+v", room, e)
			}
		})
	}
	all.Wait()
	if code := stranger.exit(t, patience); code != 1 {
		t.Errorf("a room of another name: exit code %d:\n%s", code, stranger.stderr())
	}
	watcher.waitForLine(t, "nobody is there any more", patience)
	watcher.waitForLine(t, "nobody is there any more", patience)
	last := runner("bench-3", "-n", "100000", "--echo-timeout", "2m")
	watcher.waitForLine(t, "echo ready in room bench-3", patience)
	watcher.cmd.Process.Signal(os.Interrupt)
	if code := watcher.exit(t, patience); code != 130 {
		t.Errorf("exit code %d:\n%s", code, watcher.stderr())
	}
	if text := watcher.stderr(); !strings.Contains(text, "echo left room bench-3") ||
		strings.Contains(text, "other-1") {
		t.Error(text)
	}
	last.cmd.Process.Signal(os.Interrupt)
	last.exit(t, time.Minute)
}
