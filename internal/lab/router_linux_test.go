package lab

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"rtcbench/internal/benchtest"
)

// built is the network of a scenario. It needs root.
func built(t *testing.T, s Scenario) *Network {
	t.Helper()
	benchtest.NeedsRoot(t, "the router carries packets")
	n, err := Build(s, 1)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestRouterCarriesPackets(t *testing.T) {
	before := namespaces(t)
	n := built(t, Scenario{RunnerSFU: Path{Up: Way{Delay: 20 * msec}, Down: Way{Loss: 1}}})
	var there, here net.PacketConn
	var err error
	n.Do(SFU, func() { there, err = net.ListenPacket("udp4", SFU.Address()+":7000") })
	if err == nil {
		n.Do(Runner, func() { here, err = net.ListenPacket("udp4", Runner.Address()+":7000") })
	}
	if err != nil {
		t.Fatal(err)
	}
	const count = 200
	there.SetDeadline(time.Now().Add(time.Minute))
	begin := time.Now()
	for i := range count {
		if _, err := here.WriteTo([]byte(fmt.Sprint(i)), there.LocalAddr()); err != nil {
			t.Fatal(err)
		}
		there.WriteTo([]byte("lost"), here.LocalAddr())
	}
	buf := make([]byte, 100)
	for i := range count {
		k, _, err := there.ReadFrom(buf)
		if err != nil || string(buf[:k]) != fmt.Sprint(i) {
			t.Fatalf("packet %d: %q, %v", i, buf[:k], err)
		}
		if i == 0 && time.Since(begin) < 20*msec {
			t.Errorf("the first came after %v", time.Since(begin))
		}
	}
	there.Close()
	here.Close()
	log, err := n.Close()
	if err != nil {
		t.Fatal(err)
	}
	carried, lost := 0, 0
	for _, r := range log.Records {
		switch {
		case r.Fate == Carried && r.From == Runner && r.Delay() >= 20*msec && r.Added() >= 0:
			carried++
		case r.Fate == Lost && r.From == SFU:
			lost++
		}
	}
	if carried != count || lost != count {
		t.Errorf("%d carried, %d lost, want %d each: %+v", carried, lost, count, log.Records[:min(5, len(log.Records))])
	}
	waitFor(t, "the namespaces to be gone", func() bool { return namespaces(t) == before })
}

// namespaces is how many network namespaces the threads of this process are in.
func namespaces(t *testing.T) int {
	t.Helper()
	links, err := filepath.Glob("/proc/self/task/*/ns/net")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, l := range links {
		if name, err := os.Readlink(l); err == nil {
			seen[name] = true
		}
	}
	return len(seen)
}

func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !ok(); runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// What a command starts ends with it: it is the first process of a namespace of its own.
func TestProcessesEndWithTheirPlace(t *testing.T) {
	n := built(t, Scenario{})
	dir := t.TempDir()
	cmd := exec.Command("sh", "-c", "sleep 1000 & echo ready; wait")
	cmd.Dir = dir
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Start(Runner, cmd); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	if inside(dir) < 2 {
		t.Fatalf("%d processes, want sh and sleep", inside(dir))
	}
	cmd.Process.Kill()
	cmd.Wait()
	waitFor(t, "the processes to be gone", func() bool { return inside(dir) == 0 })
	if _, err := n.Close(); err != nil {
		t.Fatal(err)
	}
}

// inside counts the processes that work in dir.
func inside(dir string) (n int) {
	links, _ := filepath.Glob("/proc/[0-9]*/cwd")
	for _, l := range links {
		if at, err := os.Readlink(l); err == nil && at == dir {
			n++
		}
	}
	return n
}
