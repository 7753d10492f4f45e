// Package sandboxtest runs the sandbox in a child process, which a test can kill, and whose
// goroutines do not count as the test's. It is imported by tests only.
package sandboxtest

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"rtcbench/internal/benchtest"
	"rtcbench/internal/sandbox"
)

const childEnv = "RTCBENCH_SANDBOX_CHILD"

// startTimeout is for a machine that compiles meanwhile.
const startTimeout = 2 * time.Minute

// Main is the child. TestMain calls it first: in the parent it does nothing; in the child it
// runs the server until its standard input ends, as it does when the parent dies.
func Main() {
	settings := os.Getenv(childEnv)
	if settings == "" {
		return
	}
	var o sandbox.Options
	if err := json.Unmarshal([]byte(settings), &o); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	s, err := sandbox.Start(o)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(s.URL)
	io.Copy(io.Discard, os.Stdin)
	os.Exit(0)
}

// Server is a sandbox in a process of its own, on ports that survive a restart.
type Server struct {
	URL, Key, Secret string

	options sandbox.Options
	mu      sync.Mutex
	cmd     *exec.Cmd
}

// Start starts a server that ends with the test, when no other test binary has one.
func Start(t testing.TB) *Server { return StartAs(t, nil) }

// StartAs is Start with options of its own.
func StartAs(t testing.TB, set func(*sandbox.Options)) *Server {
	t.Helper()
	benchtest.Heavy(t)
	s := &Server{options: sandbox.Options{
		Port: freePort(t, "tcp"), UDPPort: freePort(t, "udp"), Key: "testkey", Secret: "a secret that only this " +
			"test's server knows",
	}}
	if set != nil {
		set(&s.options)
	}
	s.Key, s.Secret = s.options.Key, s.options.Secret
	s.URL = fmt.Sprintf("ws://127.0.0.1:%d", s.options.Port)
	t.Cleanup(s.Kill)
	s.Restart(t)
	return s
}

// Restart starts the server again after a Kill, on the same ports and with the same key.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	settings, _ := json.Marshal(s.options)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+string(settings))
	cmd.Stderr = os.Stderr
	if _, err := cmd.StdinPipe(); err != nil { // held open by us: its end is the child's
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	s.cmd = cmd
	s.mu.Unlock()
	stuck := time.AfterFunc(startTimeout, func() { cmd.Process.Kill() })
	defer stuck.Stop()
	line, err := bufio.NewReader(out).ReadString('\n')
	if line = strings.TrimSpace(line); line != s.URL {
		t.Fatalf("sandbox: %s %v", line, err)
	}
}

// Kill ends the server as a power cut would.
func (s *Server) Kill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cmd == nil {
		return
	}
	s.cmd.Process.Kill()
	s.cmd.Wait()
	s.cmd = nil
}

// FreeTCPPort is one that nobody listens on now.
func FreeTCPPort(t testing.TB) int { return freePort(t, "tcp") }

func freePort(t testing.TB, network string) int {
	t.Helper()
	if network == "udp" {
		c, err := net.ListenPacket("udp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		return c.LocalAddr().(*net.UDPAddr).Port
	}
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}
