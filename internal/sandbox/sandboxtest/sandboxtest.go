// Package sandboxtest runs the sandbox in a child process, which a test can kill, and whose
// goroutines do not count as the test's. It is imported by tests only.
package sandboxtest

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"rtcbench/internal/benchtest"
	"rtcbench/internal/sandbox/options"
)

// startTimeout is for a machine that compiles meanwhile.
const startTimeout = 2 * time.Minute

// program is the server, built once.
var program = sync.OnceValues(func() (string, error) {
	return benchtest.Program("internal/sandbox/sandboxtest/server", "server")
})

// Server is a sandbox in a process of its own, on ports that survive a restart.
type Server struct {
	URL, Key, Secret string

	options options.Server
	mu      sync.Mutex
	cmd     *exec.Cmd
}

// Start starts a server that ends with the test, when no other test binary has one.
func Start(t testing.TB) *Server { return StartAs(t, nil) }

// StartAs is Start with options of its own.
func StartAs(t testing.TB, set func(*options.Server)) *Server {
	t.Helper()
	benchtest.Heavy(t)
	s := &Server{options: options.Server{
		Port: benchtest.FreePort(), UDPPort: benchtest.FreePort(), Key: "testkey", Secret: "a secret that only this " +
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
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe() // held open by us: its end is the child's
	if err != nil {
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
	if err := json.NewEncoder(in).Encode(s.options); err != nil {
		t.Fatal(err)
	}
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
