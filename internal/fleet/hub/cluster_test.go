package hub_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/fleet"
	"rtcbench/internal/fleet/hub"
	"rtcbench/internal/outbox"
	"rtcbench/internal/postgrestest"
	"rtcbench/internal/store/postgres"
)

// another is a second hub of the same fleet: its folder has the keys of the first, and nothing else.
func another(t *testing.T, dir string) string {
	t.Helper()
	second := t.TempDir()
	keys, err := os.ReadFile(filepath.Join(dir, "keys.json"))
	if err == nil {
		err = os.WriteFile(filepath.Join(second, "keys.json"), keys, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return second
}

// TestTwoHubsOnOneClusterAndOneDatabase: Debian's nats-server and PostgreSQL behind two hubs. What one hub knows the
// other does: tokens, names, who is thrown out, the plan with its serial, who was heard. The runs of both lie in the
// database, each once; in a slot of an aligned job the places of both hubs measure, each once.
func TestTwoHubsOnOneClusterAndOneDatabase(t *testing.T) {
	dir := t.TempDir()
	config, err := hub.Config(dir)
	if err != nil {
		t.Fatal(err)
	}
	url := postgrestest.Start(t).Database(t)
	store := outbox.Target{Name: "postgres", Open: func(ctx context.Context) (bench.Store, error) {
		return postgres.New(ctx, postgres.Options{URL: url})
	}}
	n := startNATS(t, config).url()
	a := startOn(t, dir, "", n, store)
	b := startOn(t, another(t, dir), "", n, store)
	spent := a.token(hub.TokenOrder{})
	var fra, iad = a.mustJoin("fra-1"), b.mustJoin("iad-1")
	await(t, "the other hub's token", func() bool { _, err = b.join("sin-1", spent); return err == nil })
	if _, err := a.join("gru-1", spent); err == nil {
		t.Error("a token that was spent at another hub lets in a second runner")
	}
	await(t, "the other hub's name", func() bool {
		_, err := b.join("fra-1", b.token(hub.TokenOrder{}))
		return err != nil && strings.Contains(err.Error(), "joined with another key")
	})
	ordered := orders(2)
	ordered.Jobs[0].Aligned = true
	first, err := a.Order(ordered)
	if err != nil {
		t.Fatal(err)
	}
	same, err := b.Order(ordered)
	if err != nil || same.Serial != first.Serial {
		t.Errorf("the same orders at another hub: serial %d after %d, %v", same.Serial, first.Serial, err)
	}
	stop := []func(){a.run(fra), b.run(iad)}
	for _, c := range []*centre{a, b} {
		for _, name := range []string{"fra-1", "iad-1"} {
			await(t, name+" heard", func() bool { return c.state(name).Heard != nil && !c.state(name).Silent })
		}
	}
	await(t, "ten runs are there, and a slot that both places measured", func() bool {
		list, slots := inDatabase(t, url)
		for slot := range slots {
			if other, is := strings.CutPrefix(slot, "fra-1 job0"); is && slots["iad-1 job0"+other] > 0 {
				return len(list) >= 10
			}
		}
		return false
	})
	for _, s := range stop {
		s()
	}
	for _, name := range []string{"fra-1", "iad-1"} {
		a.call("POST", "/admin/members/"+name+"/pause", map[string]bool{"paused": true}, new(any))
		await(t, "paused at the other hub", func() bool { return b.state(name).Paused })
	}
	a.run(fra)
	b.run(iad)
	await(t, "delivered", func() bool { return waiting(t, fra)+waiting(t, iad) == 0 })
	list, slots := inDatabase(t, url)
	for slot, n := range slots {
		if n != 1 {
			t.Errorf("%s was measured %d times", slot, n)
		}
	}
	slices.Sort(list)
	if len(slices.Compact(slices.Clone(list))) != len(list) {
		t.Error("a run lies in the database twice")
	}
	t.Logf("%d runs of two hubs, in %d slots of places and jobs", len(list), len(slots))
	nc := connect(t, a, fra)
	gone := make(chan struct{})
	nc.SetDisconnectErrHandler(func(*natsConn, error) { close(gone) })
	before := time.Now()
	b.call("POST", "/admin/members/fra-1/revoke", nil, new(fleet.Member))
	select {
	case <-gone:
		t.Logf("thrown out by the other hub after %v", time.Since(before))
	case <-time.After(time.Minute):
		t.Error("a runner that was revoked at the other hub is still connected")
	}
	for _, c := range []*centre{a, b} {
		if nc, err := dial(c, fra); err == nil {
			nc.Close()
			t.Error("a revoked runner comes in again")
		}
	}
}

// inDatabase are the runs in a PostgreSQL database, and how many are of each place, job and slot.
func inDatabase(t *testing.T, url string) (list []string, slots map[string]int) {
	t.Helper()
	s, err := postgres.New(t.Context(), postgres.Options{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	slots = map[string]int{}
	for r, err := range s.Runs(t.Context(), bench.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, r.ID)
		if r.Fleet != nil && r.Fleet.Job != "" {
			slots[fmt.Sprint(r.Fleet.Place, " ", r.Fleet.Job, " ", r.Fleet.Slot.Unix())]++
		}
	}
	return list, slots
}

// TestTheServersLoseTheirDisk: whoever was thrown out stays out, and the fleet goes on with its plan, also where all
// that NATS knew is gone.
func TestTheServersLoseTheirDisk(t *testing.T) {
	dir := t.TempDir()
	config, err := hub.Config(dir)
	if err != nil {
		t.Fatal(err)
	}
	server := startNATS(t, config)
	n := server.url()
	c := startOn(t, dir, "", n)
	out, in := c.mustJoin("fra-1"), c.mustJoin("iad-1")
	p, err := c.Order(orders(1))
	if err != nil {
		t.Fatal(err)
	}
	if p.NotAfter != p.NotAfter.Round(0) {
		t.Error("a hub whose clock is set, or that sleeps, does not see that its plan is over")
	}
	c.call("POST", "/admin/members/fra-1/revoke", nil, new(fleet.Member))
	c.stop()
	server.stop()
	for _, lost := range []string{"jwt", "jetstream"} {
		if err := os.RemoveAll(filepath.Join(server.dir, lost)); err != nil {
			t.Fatal(err)
		}
	}
	server.start()
	c = startOn(t, dir, "", n)
	if nc, err := dial(c, out); err == nil {
		nc.Close()
		t.Error("a revoked runner comes in again")
	}
	connect(t, c, in)
	if again, err := c.Order(orders(1)); err != nil || again.Serial != p.Serial {
		t.Errorf("the plan is %d after %d: %v", again.Serial, p.Serial, err)
	}
	if _, err := c.join("fra-1", c.token(hub.TokenOrder{})); err == nil {
		t.Error("the name of a revoked place is free")
	}
}

// TestServersThatAHubCannotWorkWith: each is told in one line, with what to do.
func TestServersThatAHubCannotWorkWith(t *testing.T) {
	dir := t.TempDir()
	config, err := hub.Config(dir)
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := hub.Config(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	inMemory := strings.Replace(config, `{type: full, dir: "./jwt", interval: "2m"}`, "MEMORY", 1)
	for what, x := range map[string]struct{ url, want string }{
		"another hub's":     {startNATS(t, foreign).url(), "these servers do not trust this hub"},
		"nobody's":          {startNATS(t, "jetstream: {store_dir: \"./js\"}\n").url(), "nobody there keeps accounts"},
		"a fixed resolver":  {startNATS(t, inMemory).url(), "nobody there keeps accounts"},
		"no server":         {"nats://127.0.0.1:1", "nats://127.0.0.1:1: "},
		"not a NATS server": {"https://127.0.0.1:1", "a NATS server is nats://HOST:PORT"},
	} {
		_, err := hub.Open(hub.Options{Dir: dir, Log: logger(&said{}), Admin: "admin", NATS: x.url,
			Stores: []outbox.Target{database(dir)}})
		if err == nil || !strings.Contains(err.Error(), x.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %q", what, err, x.want)
		}
	}
}
