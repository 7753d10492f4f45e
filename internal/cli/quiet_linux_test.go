package cli_test

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"rtcbench/internal/benchtest"
	"rtcbench/internal/platform/daily/standin"
)

// TestNobodyElseIsSpokenTo: in a network namespace where every name is asked of a name server of ours, and every URL of
// a proxy of ours, neither hears from a page or from the browser by itself. The run is long enough for what Chromium
// does in its first ten seconds.
func TestNobodyElseIsSpokenTo(t *testing.T) {
	t.Parallel()
	benchtest.NeedsRoot(t, "nothing leaves this machine")
	for kind, path := range map[string]string{"shell": "/usr/lib/chromium/chromium-headless-shell",
		"full": "chromium"} {
		for _, proxy := range []string{"", "http://127.0.0.1:3128"} {
			t.Run(kind+proxy, func(t *testing.T) {
				benchtest.Beside(t, benchtest.WithBrowser)
				heard, out, err := inQuiet(t, path, proxy)
				if err != nil || !strings.Contains(out, "of 100 pings answered") {
					t.Fatalf("%v\n%s", err, out)
				}
				if heard != "" {
					t.Errorf("somebody else was spoken to:\n%s", heard)
				}
			})
		}
	}
}

func inQuiet(t *testing.T, path, proxy string) (heard, out string, err error) {
	t.Helper()
	dir := t.TempDir()
	resolv := filepath.Join(dir, "resolv.conf")
	if err := os.WriteFile(resolv, []byte("nameserver 127.0.0.1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	cmd := exec.Command("sh", "-ec", `
		mount --make-rprivate /
		mount --bind "$0" /etc/resolv.conf
		ip link set lo up
		name-server & names=$!
		deaf-proxy & proxy=$!
		mkfifo at
		stand-in at & cloud=$!
		trap 'kill $names $proxy $cloud' EXIT
		read -r room bundle < at
		rtcbench daily -r "$room" --daily-bundle-url "$bundle" --echo local --chrome-path "$1" -n 100 -c 100 2>&1`,
		resolv, path)
	cmd.Dir, cmd.Env = dir, append(ownFolders(dir), "PATH="+os.Getenv("PATH"))
	if proxy != "" {
		cmd.Env = append(cmd.Env, "http_proxy="+proxy, "https_proxy="+proxy)
	}
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	late := time.AfterFunc(3*time.Minute, func() { cmd.Process.Kill() })
	defer late.Stop()
	err = cmd.Wait()
	return stderr.String(), stdout.String(), err
}

// deafProxy is a program of the test: it prints what it is asked for, and helps to nothing.
func deafProxy() {
	l, err := net.Listen("tcp4", "127.0.0.1:3128")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer conn.Close()
			line, _ := bufio.NewReader(conn).ReadString('\n')
			fmt.Fprintln(os.Stderr, "the proxy was asked: "+strings.TrimSpace(line))
			fmt.Fprint(conn, "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\nConnection: "+
				"close\r\n\r\n")
		}()
	}
}

// standIn is a program of the test: a stand-in for Daily, which writes a room and where its call machine is to a file.
func standIn() {
	s, err := standin.Start()
	if err == nil {
		err = os.WriteFile(os.Args[1], []byte(s.AddRoom("quiet")+" "+s.BundleURL()+"\n"), 0o600)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	select {}
}

func init() { programs["deaf-proxy"], programs["stand-in"] = deafProxy, standIn }
