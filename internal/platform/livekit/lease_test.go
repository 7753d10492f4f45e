package livekit

import (
	"testing"
	"time"

	"github.com/livekit/protocol/auth"

	"rtcbench/bench"
)

// TestALeasedSeat is for one room and one participant, for its own time alone, and grants data and nothing else; the
// server's own code reads it.
func TestALeasedSeat(t *testing.T) {
	from := time.Now().Add(12 * time.Hour).Truncate(time.Second)
	until := from.Add(10 * time.Minute)
	place := bench.Place{URL: "wss://sfu", Key: "key", Secret: "a secret of the length that is needed"}
	of := bench.LeaseOf{Room: "room", Identity: map[bench.Role]string{bench.Runner: "fra-1"},
		Class: bench.DataChannelReliable, From: from, Until: until}
	seats, err := lease(t.Context(), place, of)
	if err != nil {
		t.Fatal(err)
	}
	seat := seats[bench.Runner]
	v, err := auth.ParseAPIToken(seat.Token)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := v.Verify("a secret of the length that is needed"); err == nil {
		t.Error("a seat of this evening is good now")
	}
	refused, doubts := Read(seat.Token, bench.Runner, of.Class, from.Add(time.Minute))
	if refused != "" || len(doubts) > 0 {
		t.Errorf("in its time: %s, %v", refused, doubts)
	}
	for _, at := range []time.Time{from.Add(-time.Second), until.Add(2 * time.Second)} {
		if _, doubts := Read(seat.Token, bench.Runner, of.Class, at); len(doubts) != 1 {
			t.Errorf("at %v: %v", at, doubts)
		}
	}
	if seat.Name != "room" || seat.Identity != "fra-1" || seat.URL != "wss://sfu" {
		t.Errorf("%+v", seat.Room)
	}
	of.From = time.Now().Add(-time.Minute)
	now, err := lease(t.Context(), place, of)
	if err != nil {
		t.Fatal(err)
	}
	if v, err = auth.ParseAPIToken(now[bench.Runner].Token); err != nil {
		t.Fatal(err)
	}
	_, grants, err := v.Verify("a secret of the length that is needed")
	if err != nil || grants.Identity != "fra-1" || !grants.Video.RoomJoin || grants.Video.Room != "room" ||
		grants.Video.GetCanPublish() || !grants.Video.GetCanPublishData() || grants.Video.RoomCreate ||
		grants.Video.RoomAdmin {
		t.Errorf("it grants %+v: %v", grants, err)
	}
	if _, err := lease(t.Context(), bench.Place{URL: "wss://sfu"}, of); err == nil {
		t.Error("a seat was leased without a key")
	}
	for url, want := range map[string]bool{"wss://sfu": true, "": true, "wss://other": false} {
		if err := sameServer(bench.Place{URL: url}, seat); (err == nil) != want {
			t.Errorf("a seat at wss://sfu of a job at %q: %v", url, err)
		}
	}
}
