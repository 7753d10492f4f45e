package hub_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/fleet"
	"rtcbench/internal/fleet/call"
	"rtcbench/internal/fleet/hub"
	"rtcbench/internal/result"
	"rtcbench/internal/store/sqlite"
)

// thief has the file of fra-1.
type thief struct {
	t     *testing.T
	nc    *nats.Conn
	inbox *nats.Subscription
}

// offer offers a run, and has the hub's word sent to an inbox.
func (h thief) offer(run bench.Run, inbox string) {
	h.t.Helper()
	p, err := result.Pack(bench.NewRecord(run))
	if err != nil {
		h.t.Fatal(err)
	}
	m := nats.NewMsg(fleet.RunSubject("fra-1"))
	if m.Data, err = p.MarshalBinary(); err != nil {
		h.t.Fatal(err)
	}
	m.Header.Set(nats.MsgIdHdr, run.ID+"/"+inbox)
	m.Header.Set(fleet.KeptHeader, inbox)
	if err := h.nc.PublishMsg(m); err != nil {
		h.t.Fatal(err)
	}
}

// own offers a run as a runner does, and gives the hub's word.
func (h thief) own(run bench.Run, try string) string {
	h.t.Helper()
	h.offer(run, fleet.InboxPrefix("fra-1")+".kept."+try)
	m, err := h.inbox.NextMsg(2 * time.Minute)
	if err != nil {
		h.t.Fatal(err)
	}
	return string(m.Data)
}

func steal(t *testing.T, c *centre) thief {
	nc := connect(t, c, c.mustJoin("fra-1"))
	inbox, err := nc.SubscribeSync(fleet.InboxPrefix("fra-1") + ".kept.*")
	if err != nil {
		t.Fatal(err)
	}
	return thief{t, nc, inbox}
}

// TestAThiefAndTheRunsOfOthers: whoever has a runner's file cannot change a run of another place by its ID, cannot give
// a run to another place or another location, and cannot have the hub's word sent to another place.
func TestAThiefAndTheRunsOfOthers(t *testing.T) {
	dir := t.TempDir()
	c := start(t, dir, "")
	h, other := steal(t, c), c.mustJoin("iad-1")
	id := put(t, other, "fra", time.Now())
	stop := c.run(other)
	await(t, "kept", func() bool { return waiting(t, other) == 0 })
	stop()
	foreign, err := connect(t, c, other).SubscribeSync(fleet.InboxPrefix("iad-1") + ".kept.*")
	if err != nil {
		t.Fatal(err)
	}
	over := benchtest.StoredRun(7, time.Now())
	over.ID, over.Location = id, "fra"
	t.Logf("a run by the ID of another place's: the hub says %q", h.own(over, "1"))
	given := benchtest.StoredRun(5, time.Now())
	given.Location, given.Fleet = "fra", &bench.Origin{Place: "iad-1"}
	h.offer(given, fleet.InboxPrefix("iad-1")+".kept.1")
	if word := h.own(given, "2"); word != fleet.Kept { // it comes after the one before
		t.Errorf("an own run: %s", word)
	}
	given.ID, given.Location = benchtest.StoredRun(5, time.Now()).ID, "iad"
	if word := h.own(given, "3"); !strings.HasPrefix(word, fleet.Rejected) {
		t.Errorf("a run of another location: %s", word)
	}
	if n, _, err := foreign.Pending(); n != 0 || err != nil {
		t.Errorf("another place was told what became of %d runs: %v", n, err)
	}
	c.stop()
	s, err := sqlite.OpenToRead(t.Context(), filepath.Join(dir, "runs.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	places := map[string]int{}
	for r, err := range s.Runs(t.Context(), bench.Query{Samples: true}) {
		if err != nil {
			t.Fatal(err)
		}
		places[r.Fleet.Place]++
		if r.ID == id && (r.Plan.Count != 20 || len(r.Samples) < 20 || r.Fleet.Place != "iad-1") {
			t.Errorf("the run of another place is changed: %d samples, of %s", len(r.Samples), r.Fleet.Place)
		}
	}
	if fmt.Sprint(places) != "map[fra-1:1 iad-1:1]" {
		t.Errorf("runs by place: %v", places)
	}
}

// TestAThiefHasTheSeatsOfThatPlaceAlone: no seat of a job that is for others, nor of another place's slot; and nothing
// in a runner's file opens what the operator asks with.
func TestAThiefHasTheSeatsOfThatPlaceAlone(t *testing.T) {
	c := start(t, t.TempDir(), "")
	f := c.mustJoin("fra-1")
	c.mustJoin("iad-1")
	o := orders(2)
	o.Every, o.Jobs[1].Where = time.Hour, fleet.Where{"name": {"iad-1"}}
	p, err := c.Order(o)
	if err != nil {
		t.Fatal(err)
	}
	want, err := json.Marshal(fleet.SeatsWanted{Serial: p.Serial, From: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	m, err := connect(t, c, f).Request(fleet.Ask("fra-1", fleet.Seats), want, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	var got fleet.SeatsLeased
	if err := json.Unmarshal(m.Data, &got); err != nil || len(got.Seats) == 0 {
		t.Fatalf("%d seats: %v", len(got.Seats), err)
	}
	for _, s := range got.Seats {
		if s.Job != "job0" || !strings.Contains(s.Runner.Identity+s.Answerer.Identity, "fra-1") ||
			!strings.Contains(s.Runner.Room.Name, "fra-1") {
			t.Fatalf("a seat of another: %+v", s)
		}
	}
	for what, secret := range map[string]string{"seed": f.Seed, "JWT": f.JWT, "plan's key": string(f.PlanKey), "": ""} {
		for _, ask := range []struct{ method, path string }{{"GET", "/admin/members"}, {"POST", "/admin/tokens"},
			{"POST", "/admin/members/iad-1/revoke"}, {"POST", "/admin/plan/apply"}} {
			as := call.Hub{Address: c.address, Admin: secret}
			err := as.Do(t.Context(), ask.method, ask.path, hub.TokenOrder{}, new(any))
			if err == nil || !strings.Contains(err.Error(), "token is missing or wrong") && what != "plan's key" {
				t.Errorf("%s %s with a runner's %s: %v", ask.method, ask.path, what, err)
			}
		}
	}
}
