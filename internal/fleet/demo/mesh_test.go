package demo_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/fleet"
	"rtcbench/internal/fleet/call"
	"rtcbench/internal/fleet/hub"
	"rtcbench/internal/fleet/runner"
	"rtcbench/internal/measure"
	"rtcbench/internal/outbox"
	"rtcbench/internal/platform"
	"rtcbench/internal/platform/livekit"
	"rtcbench/internal/sandbox"
	"rtcbench/internal/store/sqlite"
)

// network is a hub with three runners in this process, which measure a real server.
type network struct {
	t      *testing.T
	dir    string
	hub    *hub.Hub
	at     call.Hub
	server bench.Place
	run    sync.WaitGroup
	stop   context.CancelFunc
	ctx    context.Context
}

func newNetwork(t *testing.T) *network {
	t.Helper()
	benchtest.Heavy(t)
	server, err := sandbox.Shared()
	if err != nil {
		t.Fatal(err)
	}
	n := &network{t: t, dir: t.TempDir(), server: bench.Place{URL: server.URL, Key: server.Key, Secret: server.Secret}}
	path := filepath.Join(n.dir, "runs.db")
	if n.hub, err = hub.Open(hub.Options{Dir: filepath.Join(n.dir, "hub"), Log: slog.New(slog.DiscardHandler),
		Admin: "admin", Stores: []outbox.Target{{Name: "sqlite", File: path,
			Open: func(ctx context.Context) (bench.Store, error) { return sqlite.Open(ctx, path) }}}}); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n.ctx, n.stop = context.WithCancel(context.Background())
	n.at = call.Hub{Address: fleet.Address{URL: "http://" + l.Addr().String()}, Admin: "admin"}
	serving, end := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- n.hub.Serve(serving, l, nil) }()
	t.Cleanup(func() {
		n.stop()
		n.run.Wait()
		end()
		if err := <-served; err != nil {
			t.Error(err)
		}
		n.hub.Close()
	})
	return n
}

// join lets a place join and work.
func (n *network) join(name string) {
	n.t.Helper()
	var made hub.TokenMade
	order := hub.TokenOrder{Uses: 1, Life: time.Hour}
	if err := n.at.Do(n.ctx, http.MethodPost, "/admin/tokens", order, &made); err != nil {
		n.t.Fatal(err)
	}
	dir := filepath.Join(n.dir, name)
	f, err := runner.Join(n.ctx, filepath.Join(dir, "fleet.json"), n.at.URL, made.Token, "v1",
		fleet.Place{Name: name, Location: name}, nil)
	if err != nil {
		n.t.Fatal(err)
	}
	env := measure.Env{Platforms: platform.All, Clock: bench.NewClock()}
	r, err := runner.New(f, runner.Options{Version: "v1", Log: slog.New(slog.DiscardHandler),
		Box: outbox.Open(filepath.Join(dir, "outbox"), 64<<20), Measure: runner.Measuring(env),
		Answer: runner.Answering(env), Prepare: func(j fleet.Job) (measure.Job, error) {
			return measure.Job{Platform: j.Platform, Local: true, Within: time.Minute, Plan: plan}, nil
		}})
	if err != nil {
		n.t.Fatal(err)
	}
	n.run.Go(func() { r.Run(n.ctx) })
}

var plan = bench.Plan{Count: 5, Cooldown: 10 * time.Millisecond, Timeout: 5 * time.Second,
	EchoTimeout: 30 * time.Second, ReconnectTimeout: 10 * time.Second}

// order has the places measure one job.
func (n *network) order(echo string) {
	n.t.Helper()
	_, err := n.hub.Order(hub.Orders{Every: 15 * time.Second, Jobs: []hub.Order{{Place: n.server,
		Lease: livekit.Platform.Lease, Plan: plan,
		Job: fleet.Job{Name: "job", Platform: livekit.Platform.Name, Aligned: true, Echo: echo, Longest: time.Minute},
	}}})
	if err != nil {
		n.t.Fatal(err)
	}
}

// cells are how many runs that were answered the store has, by the place that measured and the one that answered.
func (n *network) cells() map[string]int {
	n.t.Helper()
	s, err := sqlite.OpenToRead(n.t.Context(), filepath.Join(n.dir, "runs.db"))
	if err != nil {
		return nil // not yet
	}
	defer s.Close()
	cells := map[string]int{}
	for r, err := range s.Runs(n.t.Context(), bench.Query{}) {
		if err != nil {
			n.t.Fatal(err)
		}
		if r.Counts.Answered > 0 {
			cells[fmt.Sprintf("%s %s %s", r.Location, r.Echo.Place, r.Echo.Mode)]++
		}
	}
	return cells
}

// await waits until the store has these cells.
func (n *network) await(want ...string) {
	n.t.Helper()
	for end := time.Now().Add(20 * time.Minute); ; time.Sleep(time.Second) {
		cells := n.cells()
		missing := 0
		for _, cell := range want {
			if cells[cell] == 0 {
				missing++
			}
		}
		if missing == 0 {
			n.t.Logf("%v", cells)
			return
		}
		if time.Now().After(end) {
			n.t.Fatalf("the store has %v, want all of %v", cells, want)
		}
	}
}

// TestEachAnswersTheOthers: three places of a mesh fill all six cells, and each run says who answered. One that joins
// later takes part. Then one place answers all others.
func TestEachAnswersTheOthers(t *testing.T) {
	n := newNetwork(t)
	n.join("fra-1")
	n.join("iad-1")
	n.order(fleet.EchoMesh)
	n.join("sin-1")
	n.await("fra-1 iad-1 remote", "fra-1 sin-1 remote", "iad-1 fra-1 remote", "iad-1 sin-1 remote",
		"sin-1 fra-1 remote", "sin-1 iad-1 remote")
	for cell := range n.cells() {
		if cell[:5] == cell[6:11] {
			t.Errorf("%s: a place has measured itself", cell)
		}
	}
	n.join("gru-1")
	n.order("place:gru-1")
	n.await("fra-1 gru-1 remote", "iad-1 gru-1 remote", "sin-1 gru-1 remote")
}
