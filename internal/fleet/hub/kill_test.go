package hub_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/fleet/hub"
	"rtcbench/internal/fleet/runner"
	"rtcbench/internal/outbox"
	"rtcbench/internal/store/sqlite"
)

// hubProcess is a hub that works until it is killed.
func hubProcess(dir, at string) {
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	certificate, _, err := hub.SelfSigned(dir)
	var h *hub.Hub
	if err == nil {
		h, err = hub.Open(hub.Options{Dir: dir, Version: "v1", Log: log, Admin: "admin",
			Stores: []outbox.Target{database(dir)}})
	}
	if err == nil {
		_, err = h.Order(orders(20))
	}
	var l net.Listener
	if err == nil {
		l, err = net.Listen("tcp", at)
	}
	if err == nil {
		err = h.Serve(context.Background(), l, &tls.Config{Certificates: []tls.Certificate{certificate}})
	}
	fmt.Fprintln(os.Stderr, "the hub ended:", err)
	os.Exit(1)
}

// runnerProcess is a runner that works until it is killed.
func runnerProcess(path string) {
	f, err := runner.Load(path)
	if err == nil {
		var r *runner.Runner
		if r, err = newRunner(f); err == nil {
			err = r.Run(context.Background())
		}
	}
	fmt.Fprintln(os.Stderr, "the runner ended:", err)
	os.Exit(1)
}

// process is this test again, as something that is killed.
type process struct {
	t   *testing.T
	env []string
	cmd *exec.Cmd
	out bytes.Buffer
}

func (p *process) start() {
	p.t.Helper()
	p.cmd = exec.Command(os.Args[0])
	p.cmd.Env = append(os.Environ(), p.env...)
	p.cmd.Stderr = &p.out
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
}

func (p *process) kill() {
	if p.cmd == nil {
		return
	}
	p.cmd.Process.Kill()
	p.cmd.Wait()
	p.cmd = nil
}

// kept are the runs that a store has, by ID. Nobody writes there now.
func kept(t *testing.T, dir string) (list []string) {
	t.Helper()
	s, err := sqlite.OpenToRead(t.Context(), filepath.Join(dir, "runs.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for r, err := range s.Runs(t.Context(), bench.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, r.ID)
	}
	n := 0
	sums, err := s.Aggregate(t.Context(), bench.Query{Invalid: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range sums {
		n += a.Runs
	}
	if n != len(list) {
		t.Errorf("the sums are of %d runs, and there are %d", n, len(list))
	}
	return list
}

// TestKilledAtRandom: hub and runner are killed again and again, and the stream's disk is lost. Whatever the runner
// put into its outbox is in the hub's store in the end, once.
func TestKilledAtRandom(t *testing.T) {
	kills := 5
	if os.Getenv("RTCBENCH_LONG") != "" {
		kills = 200
	}
	dir := t.TempDir()
	c := start(t, dir, "")
	f := c.mustJoin("fra-1")
	at := strings.TrimPrefix(c.address.URL, "https://")
	c.stop()
	centre := &process{t: t, env: []string{"RTCBENCH_KILLED_HUB=" + dir, "RTCBENCH_KILLED_AT=" + at}}
	place := &process{t: t, env: []string{"RTCBENCH_KILLED_RUNNER=" + f.Path()}}
	t.Cleanup(func() {
		centre.kill()
		place.kill()
		if t.Failed() {
			t.Logf("the hub said:\n%s\nthe runner said:\n%s", &centre.out, &place.out)
		}
	})
	seen := map[string]bool{}
	look := func() int {
		waiting, err := box(f).Waiting()
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range waiting {
			seen[w.RunID] = true
		}
		return len(waiting)
	}
	centre.start()
	place.start()
	await(t, "at work", func() bool { return look() > 0 })
	wiped := 0
	for i := range kills {
		for end := time.Now().Add(rand.N(1500 * time.Millisecond)); time.Now().Before(end); look() {
			time.Sleep(10 * time.Millisecond)
		}
		if i%2 == 1 {
			place.kill()
			look()
			place.start()
			continue
		}
		centre.kill()
		look()
		if i%4 == 0 { // with what it had acknowledged
			wipe(t, dir)
			wiped++
		}
		centre.start()
	}
	centre.kill()
	place.kill()
	look()
	c = start(t, dir, at)
	c.call("POST", "/admin/members/fra-1/pause", map[string]bool{"paused": true}, new(any))
	c.run(f)
	await(t, "delivered", func() bool { return look() == 0 })
	c.stop()
	list := kept(t, dir)
	lost := 0
	for id := range seen {
		if !slices.Contains(list, id) {
			lost++
		}
	}
	slices.Sort(list)
	t.Logf("%d kills, %d wipes: %d runs kept, %d seen waiting, %d lost, %d doubled", kills, wiped, len(list), len(seen),
		lost, len(list)-len(slices.Compact(slices.Clone(list))))
	if lost > 0 || len(slices.Compact(list)) != len(kept(t, dir)) || len(seen) == 0 {
		t.Error("a run is lost or doubled, or none was seen")
	}
	if rejected, err := box(f).Rejected(); err != nil || len(rejected) > 0 {
		t.Errorf("rejected: %v, %v", rejected, err)
	}
}
