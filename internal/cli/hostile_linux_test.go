package cli_test

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"rtcbench/internal/benchtest"
)

// parrot answers each request with reply, in which %s is what the request was signed with.
func parrot(t *testing.T, reply string) (address string) {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				if q, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
					fmt.Fprint(c, strings.ReplaceAll(reply, "%s", q.Header.Get("Authorization")))
				}
			}()
		}
	}()
	return l.Addr().String()
}

// TestAnswersThatRepeatCredentials: what is no HTTP, and what stands behind an answer, is quoted by net/http, in errors
// and in its log.
func TestAnswersThatRepeatCredentials(t *testing.T) {
	benchtest.Beside(t, benchtest.Light)
	const secret = "qZ7secretValue"
	encoded := base64.StdEncoding.EncodeToString([]byte("user:" + secret))
	for _, reply := range []string{
		"%s\r\n\r\n",
		"HTTP/1.1 200 OK\r\nX %s: 1\r\n\r\n",
		"HTTP/1.1 204 No Content\r\n\r\n%s\r\n",
		"HTTP/1.1 500 No\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n%s\r\n",
	} {
		at := parrot(t, reply)
		for _, args := range [][]string{
			{"health", "http://user:" + secret + "@" + at + "/x?t=" + secret},
			{"livekit", "-n", "2", "--store", "none", "--connect-timeout", "2s", "--agent-url", "http://" + at,
				"--agent-token", secret},
			{"livekit", "-n", "2", "--store", "none", "--connect-timeout", "2s", "-s", "ws://" + at, "--api-key", "k",
				"--api-secret", secret, "--agent-name", "x"},
			{"history", "--store", "influxdb", "--influxdb-url", "http://" + at, "--influxdb-token", "user:" + secret},
			{"store", "init", "--store", "influxdb", "--influxdb-url", "http://" + at, "--influxdb-token", secret},
		} {
			p := start(t, args...)
			code := p.exit(t, time.Minute)
			said := p.stderr()
			for _, form := range []string{secret, encoded, "eyJ", "Unsolicited"} {
				if strings.Contains(said, form) {
					t.Errorf("%v, %q: %q in\n%s", args, reply, form, strings.ReplaceAll(said, secret, "SECRET"))
				}
			}
			if code == 0 {
				t.Errorf("%v, %q: exit code 0:\n%s", args, reply, said)
			}
		}
	}
}

// TestTheTimeIsOverBeforeTheServerAnswers: whoever asks says what was waited for, and how long.
func TestTheTimeIsOverBeforeTheServerAnswers(t *testing.T) {
	benchtest.Beside(t, benchtest.Light)
	silent := benchtest.SilentServer(t)
	key := []string{"-s", "ws://" + silent, "--api-key", "k", "--api-secret", strings.Repeat("s", 32),
		"--connect-timeout", "1s"}
	for want, args := range map[string][]string{
		"no answer in 1s, waiting for the answer to the HTTP upgrade": append([]string{"echo", "--room", "x"}, key...),
		"waiting for the answer to the request": append([]string{"echo", "--room-prefix", "x"},
			key...),
		"waiting for the answer to the request: context deadline": append(
			[]string{"livekit", "--agent-name", "x", "--store", "none"}, key...),
	} {
		begin := time.Now()
		p := start(t, args...)
		code := p.exit(t, time.Minute)
		said := p.stderr()
		if code != 1 || time.Since(begin) < time.Second || !strings.Contains(said, want) ||
			strings.Count(said, "--connect-timeout") != 1 {
			t.Errorf("%v: exit code %d after %v, want %q in\n%s", args, code, time.Since(begin), want, said)
		}
	}
}

// TestASignalEndsWhatReads: a command that waits for a file or a server ends with the signal's code.
func TestASignalEndsWhatReads(t *testing.T) {
	benchtest.Beside(t, benchtest.Light)
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	writer, err := os.OpenFile(pipe, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer writer.Close()
	asked := make(chan bool, 10)
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			defer c.Close()
			asked <- true
		}
	}()
	store := []string{"--store", "influxdb", "--influxdb-url", "http://" + l.Addr().String(), "--data-dir", t.TempDir()}
	for _, args := range [][]string{
		append([]string{"history"}, store...),
		append([]string{"export"}, store...),
		append([]string{"store", "check"}, store...),
	} {
		p := start(t, args...)
		<-asked
		p.cmd.Process.Signal(syscall.SIGTERM)
		if code := p.exit(t, 10*time.Second); code != 143 {
			t.Errorf("%v: exit code %d, want 143:\n%s", args, code, p.stderr())
		}
	}
	p := start(t, "import", pipe, "--store", "sqlite", "--data-dir", t.TempDir())
	const more = 1 << 20 // than a pipe holds: it is read when this is written
	if _, err := writer.WriteString(strings.Repeat("\n", more)); err != nil {
		t.Fatal(err)
	}
	p.cmd.Process.Signal(syscall.SIGTERM)
	if code := p.exit(t, 10*time.Second); code != 143 {
		t.Errorf("import: exit code %d, want 143:\n%s", code, p.stderr())
	}
}
