package hub_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/fleet"
	"rtcbench/internal/fleet/hub"
	"rtcbench/internal/fleet/runner"
	"rtcbench/internal/platform/daily"
	"rtcbench/internal/platform/daily/standin"
)

// rented are orders whose rooms have to be made at Daily's stand-in: one for each place in two hours.
func rented(cloud *standin.Server, echo string) hub.Orders {
	return hub.Orders{Every: 2 * time.Hour, Jobs: []hub.Order{{
		Place: bench.Place{API: cloud.API(), Key: cloud.Key}, Lease: daily.Platform.Lease,
		Job: fleet.Job{Name: "voice", Platform: "daily", Echo: echo, Longest: time.Minute}}}}
}

// seats are those that the hub gives a runner from now on.
func (c *centre) seats(f *runner.File, serial uint64) (got fleet.SeatsLeased) {
	c.t.Helper()
	nc := connect(c.t, c, f)
	defer nc.Close()
	data, err := json.Marshal(fleet.SeatsWanted{Serial: serial, From: time.Now()})
	if err != nil {
		c.t.Fatal(err)
	}
	m, err := nc.Request(fleet.Ask(f.Place.Name, fleet.Seats), data, time.Minute)
	if err != nil || json.Unmarshal(m.Data, &got) != nil {
		c.t.Fatalf("ask for seats: %v", err)
	}
	return got
}

func cloud(t *testing.T) *standin.Server {
	t.Helper()
	s, err := standin.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// TestRoomsAreMadeAheadAndRemoved: a day of rooms with their tokens, without the key; asked again, and by a hub that
// was started again, they are the same; who is thrown out has no room any more.
func TestRoomsAreMadeAheadAndRemoved(t *testing.T) {
	dir, s := t.TempDir(), cloud(t)
	c := start(t, dir, "")
	f := c.mustJoin("fra-1")
	p, err := c.Order(rented(s, ""))
	if err != nil {
		t.Fatal(err)
	}
	got := c.seats(f, p.Serial)
	if n := len(got.Seats); n < 12 || n != len(s.Rooms()) || got.Error != "" ||
		got.To.Before(time.Now().Add(fleet.Lease)) {
		t.Fatalf("%d seats up to %v, %d rooms: %q", n, got.To, len(s.Rooms()), got.Error)
	}
	text, err := json.Marshal(got)
	if err != nil || strings.Contains(string(text), s.Key) {
		t.Errorf("the key is in what runners are given: %v", err)
	}
	soon, late := got.Seats[0], got.Seats[11]
	for _, seat := range []bench.Seat{soon.Runner, soon.Answerer} {
		if why := s.Refusal(seat.Name, seat.Token); why != "" {
			t.Errorf("in its slot a seat is refused: %s", why)
		}
	}
	if why := s.Refusal(late.Runner.Name, late.Runner.Token); why != "nbf-room" {
		t.Errorf("a seat of this evening, now: %q", why)
	}
	c.stop()
	c = start(t, dir, strings.TrimPrefix(c.address.URL, "https://"))
	if _, err := c.Order(rented(s, "")); err != nil {
		t.Fatal(err)
	}
	again := c.seats(f, p.Serial)
	if len(again.Seats) < 12 || again.Seats[11] != late || len(s.Rooms()) != len(again.Seats) {
		t.Errorf("a hub that was started again gives %d seats, other ones", len(again.Seats))
	}
	c.call("POST", "/admin/members/fra-1/revoke", nil, new(fleet.Member))
	await(t, "removed", func() bool { return len(s.Rooms()) == 0 })
	await(t, "forgotten", func() bool {
		left, err := os.ReadDir(filepath.Join(dir, "rooms"))
		return err == nil && len(left) == 0
	})
}

// TestARoomForTwo: where another place answers, both are given seats in one room.
func TestARoomForTwo(t *testing.T) {
	s := cloud(t)
	c := start(t, t.TempDir(), "")
	fra, iad := c.mustJoin("fra-1"), c.mustJoin("iad-1")
	p, err := c.Order(rented(s, fleet.EchoMesh))
	if err != nil {
		t.Fatal(err)
	}
	mine, theirs := c.seats(fra, p.Serial).Seats, c.seats(iad, p.Serial).Seats
	at := func(list []fleet.Seat, answers bool) fleet.Seat {
		return list[slices.IndexFunc(list, func(s fleet.Seat) bool { return (s.For != "") == answers })]
	}
	caller, echo := at(mine, false), at(theirs, true)
	if caller.At != "iad-1" || echo.For != "fra-1" || caller.Runner.Name != echo.Answerer.Name ||
		caller.Answerer.Token != "" || echo.Runner.Token != "" || len(s.Rooms()) != len(mine) {
		t.Errorf("%+v\n%+v, %d rooms", caller, echo, len(s.Rooms()))
	}
}

// TestADailyThatIsAway: seats reach up to the first room that could not be made, and the next question goes on there.
func TestADailyThatIsAway(t *testing.T) {
	s := cloud(t)
	c := start(t, t.TempDir(), "")
	f := c.mustJoin("fra-1")
	p, err := c.Order(rented(s, ""))
	if err != nil {
		t.Fatal(err)
	}
	s.AnswerWith(0, 0, 0, 0, 403) // the first room has its two tokens; the second room has one
	got := c.seats(f, p.Serial)
	if len(got.Seats) != 1 || !got.To.Equal(got.Seats[0].Slot.Add(2*time.Hour)) || !strings.Contains(got.Error, "403") {
		t.Errorf("%d seats up to %v: %q", len(got.Seats), got.To, got.Error)
	}
	if got = c.seats(f, p.Serial); len(got.Seats) < 12 || len(s.Rooms()) != len(got.Seats) || got.Error != "" {
		t.Errorf("then %d seats, %d rooms: %q", len(got.Seats), len(s.Rooms()), got.Error)
	}
}
