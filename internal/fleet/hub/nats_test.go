package hub_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rtcbench/internal/fleet/hub"
)

// natsServer is Debian's own nats-server in a folder of the test.
type natsServer struct {
	t    *testing.T
	dir  string
	port string
	stop func()
}

// guard ends a server when the test process ends, however that dies.
const guard = `exec 3<&0
nats-server -c "$1" </dev/null 3<&- &
p=$!
{ cat <&3 >/dev/null; kill -9 $p; } >/dev/null 2>&1 &
exec 3<&-
wait $p`

// startNATS starts a server that knows what config says.
func startNATS(t *testing.T, config string) *natsServer {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	l.Close()
	if err != nil {
		t.Fatal(err)
	}
	s := &natsServer{t: t, dir: t.TempDir(), port: port}
	config = strings.ReplaceAll(config, `"./`, `"`+s.dir+`/`)
	config += fmt.Sprintf("listen: \"127.0.0.1:%s\"\nserver_name: \"n%s\"\n", port, port)
	if err := os.WriteFile(filepath.Join(s.dir, "nats.conf"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	s.start()
	t.Cleanup(func() { s.stop() })
	return s
}

func (s *natsServer) start() {
	s.t.Helper()
	cmd := exec.Command("sh", "-c", guard, "guard", filepath.Join(s.dir, "nats.conf"))
	cmd.Env = append(os.Environ(), "PATH="+os.Getenv("PATH")+":/usr/sbin") // where Debian has it
	stdin, err := cmd.StdinPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	log, err := cmd.StderrPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	var said bytes.Buffer
	ready, ended := make(chan struct{}, 1), make(chan struct{})
	go func() {
		defer close(ended)
		lines := bufio.NewScanner(io.TeeReader(log, &said))
		for lines.Scan() {
			if strings.Contains(lines.Text(), "Server is ready") {
				ready <- struct{}{}
			}
		}
		cmd.Wait()
	}()
	s.stop = func() { stdin.Close(); <-ended }
	select {
	case <-ready:
	case <-ended:
		s.t.Fatalf("nats-server ended (make tools installs it): %s", said.Bytes())
	case <-time.After(time.Minute):
		s.stop()
		s.t.Fatalf("nats-server is not ready after a minute: %s", said.Bytes())
	}
}

func (s *natsServer) url() string { return "nats://127.0.0.1:" + s.port }

// engines are what a hub works with, each with a folder for the hub: a server inside, and Debian's.
func engines(t *testing.T, test func(t *testing.T, dir string, n string)) {
	t.Run("inside", func(t *testing.T) { test(t, t.TempDir(), "") })
	t.Run("nats-server", func(t *testing.T) {
		dir := t.TempDir()
		config, err := hub.Config(dir)
		if err != nil {
			t.Fatal(err)
		}
		test(t, dir, startNATS(t, config).url())
	})
}
