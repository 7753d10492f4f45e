// Package postgrestest is a PostgreSQL server for tests: Debian's own, in a folder that ends with the test.
package postgrestest

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// Password is that of the user postgres. No output may have it in it.
const Password = "geheim-/?#&%-4711"

// Server is one that runs.
type Server struct {
	Port      string
	dir       string
	settings  []string
	stop      func()
	databases atomic.Int64
}

// URL is how a database of the server is named.
func (s *Server) URL(database string) string {
	u := url.URL{Scheme: "postgres", User: url.UserPassword("postgres", Password), Host: "127.0.0.1:" + s.Port,
		Path: "/" + database}
	return u.String()
}

// Database makes a database of the test's own, and gives its URL.
func (s *Server) Database(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("test%d", s.databases.Add(1))
	s.SQL(t, "postgres", "CREATE DATABASE "+name+" TEMPLATE template0")
	return s.URL(name)
}

// SQL has psql run a statement, and gives what it prints.
func (s *Server) SQL(t testing.TB, database, statement string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program("psql"), "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", statement,
		s.URL(database))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v: %s", statement, err, out)
	}
	return strings.TrimSpace(string(out))
}

// program is one of PostgreSQL's. Debian has several versions beside one another, none of them in PATH.
func program(name string) string {
	if list, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name); len(list) > 0 {
		return list[len(list)-1]
	}
	return name
}

// asPostgres is a command as a user that PostgreSQL will run as: it refuses to be root.
func asPostgres(ctx context.Context, args ...string) *exec.Cmd {
	if os.Getuid() == 0 {
		args = append([]string{"setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"}, args...)
	}
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Dir, cmd.Env = "/", append(os.Environ(), "LC_ALL=C.UTF-8")
	return cmd
}

// guard runs a program and ends it when its own stdin ends: however the test process dies, the server dies with it.
const guard = `exec 3<&0
"$@" </dev/null 3<&- &
p=$!
{ cat <&3 >/dev/null; kill -QUIT $p; } >/dev/null 2>&1 &
exec 3<&-
wait $p`

// Start starts a server that ends with the test.
func Start(t testing.TB) *Server {
	t.Helper()
	s, err := New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// New starts a server, for whoever has no test. Close it.
func New(settings ...string) (*Server, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	dir, err := os.MkdirTemp("", "rtcbench-postgres-")
	if err != nil {
		return nil, err
	}
	s := &Server{dir: dir, settings: settings, stop: func() {}}
	if err = s.make(ctx); err == nil {
		s.Port, err = freePort()
	}
	if err == nil {
		err = s.start(ctx)
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// make makes the folder of the server.
func (s *Server) make(ctx context.Context) error {
	secret := filepath.Join(s.dir, "password")
	if err := os.WriteFile(secret, []byte(Password), 0o600); err != nil {
		return err
	}
	if os.Getuid() == 0 {
		out, err := exec.CommandContext(ctx, "chown", "-R", "postgres:postgres", s.dir).CombinedOutput()
		if err != nil {
			return fmt.Errorf("%w: %s (make tools installs PostgreSQL)", err, out)
		}
	}
	out, err := asPostgres(ctx, program("initdb"), "-D", filepath.Join(s.dir, "data"), "-U", "postgres", "-E", "UTF8",
		"--no-sync", "--auth=scram-sha-256", "--pwfile="+secret).CombinedOutput()
	if err != nil {
		return fmt.Errorf("initdb: %w: %s (make tools installs PostgreSQL)", err, out)
	}
	return nil
}

func freePort() (string, error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, err
}

// Kill ends the server at once, as a machine does that goes down.
func (s *Server) Kill() { s.stop() }

// Again starts a server that was killed, and waits until it is ready: it recovers first.
func (s *Server) Again(ctx context.Context) error { return s.start(ctx) }

// start starts the server, and waits until it says that it is ready.
func (s *Server) start(ctx context.Context) error {
	args := []string{"sh", "-c", guard, "guard", program("postgres"), "-D", filepath.Join(s.dir, "data"), "-p", s.Port}
	for _, setting := range append([]string{"listen_addresses=127.0.0.1", "unix_socket_directories=",
		"shared_buffers=64MB", "max_connections=60", "logging_collector=off"}, s.settings...) {
		args = append(args, "-c", setting)
	}
	cmd := asPostgres(context.Background(), args...)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	log, err := cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	ready, ended := make(chan bool, 1), make(chan struct{})
	var said bytes.Buffer
	go func() {
		defer close(ended)
		lines := bufio.NewScanner(io.TeeReader(log, &said))
		for lines.Scan() {
			if strings.Contains(lines.Text(), "ready to accept connections") {
				ready <- true
			}
		}
		cmd.Wait()
	}()
	s.stop = func() { stdin.Close(); <-ended }
	select {
	case <-ready:
		return nil
	case <-ended:
		return fmt.Errorf("postgres ended: %s", said.Bytes())
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close ends the server at once, and removes its folder.
func (s *Server) Close() {
	s.stop()
	os.RemoveAll(s.dir)
}
