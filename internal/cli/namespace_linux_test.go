package cli_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"rtcbench/internal/benchtest"
)

// TestDefaultCommandOnLoopbackAlone runs the default command in a network namespace of its own,
// which has lo and nothing else and ends with its processes. A name server of ours is the only
// one that it could ask.
func TestDefaultCommandOnLoopbackAlone(t *testing.T) {
	benchtest.Beside(t, benchtest.Light)
	benchtest.NeedsRoot(t, "nothing leaves this machine")
	benchtest.Heavy(t)
	dir := t.TempDir()
	resolv := filepath.Join(dir, "resolv.conf")
	if err := os.WriteFile(resolv, []byte("nameserver 127.0.0.1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	var out, questions bytes.Buffer
	cmd := exec.Command("sh", "-ec", `
		mount --make-rprivate /
		mount --bind "$0" /etc/resolv.conf
		ip link set lo up
		name-server & watch=$!
		trap 'kill $watch' EXIT
		rtcbench livekit -n 30 -c 50
		cat /proc/net/dev`, resolv)
	cmd.Dir, cmd.Env = dir, append(ownFolders(dir), "PATH="+os.Getenv("PATH"))
	cmd.Stdout, cmd.Stderr = &out, &questions
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	listening := map[string]bool{}
	deadline := time.After(patience)
	for look := time.NewTicker(50 * time.Millisecond); ; {
		select {
		case err := <-ended:
			look.Stop()
			if err != nil || !strings.Contains(out.String(), "30 of 30 pings answered") {
				t.Fatalf("%v\n%s\n%s", err, out.String(), questions.String())
			}
			checkLoopbackAlone(t, listening, out.String(), questions.String())
			return
		case <-look.C:
			for _, family := range []string{"tcp", "tcp6"} {
				for _, address := range listeners(cmd.Process.Pid, family) {
					listening[address] = true
				}
			}
		case <-deadline:
			cmd.Process.Kill()
			t.Fatal("still running")
		}
	}
}

func checkLoopbackAlone(t *testing.T, listening map[string]bool, out, questions string) {
	if len(listening) == 0 {
		t.Error("nothing listened: this test looks at the wrong place")
	}
	for address := range listening {
		if address != "127.0.0.1" {
			t.Errorf("listens on %s", address)
		}
	}
	if questions != "" {
		t.Errorf("asked a name server:\n%s", questions)
	}
	_, devices, _ := strings.Cut(out, "Inter-|")
	for _, line := range strings.Split(devices, "\n")[2:] {
		if name, _, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) != "lo" {
			t.Errorf("there is an interface beside lo: %s", line)
		}
	}
}

// listeners are the addresses that the network namespace of a process takes TCP connections on.
func listeners(pid int, family string) (addresses []string) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/%s", pid, family))
	if err != nil {
		return nil
	}
	for _, line := range strings.Split(string(data), "\n")[1:] {
		fields := strings.Fields(line)
		if len(fields) < 4 || fields[3] != "0A" {
			continue
		}
		text, _, _ := strings.Cut(fields[1], ":")
		raw, err := hex.DecodeString(text)
		if err != nil {
			continue
		}
		for i := 0; i+4 <= len(raw); i += 4 { // words in the machine's order
			raw[i], raw[i+1], raw[i+2], raw[i+3] = raw[i+3], raw[i+2], raw[i+1], raw[i]
		}
		addresses = append(addresses, net.IP(raw).String())
	}
	return addresses
}

// nameServer is a program of the test: it prints each question that it is asked.
func nameServer() {
	conn, err := net.ListenPacket("udp4", "127.0.0.1:53")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	buf := make([]byte, 1500)
	for {
		n, from, err := conn.ReadFrom(buf)
		if err != nil {
			return
		}
		fmt.Fprintln(os.Stderr, "question from "+from.String()+": "+strconv.Quote(string(buf[:n])))
	}
}

func init() { programs["name-server"] = nameServer }
