package daily

import (
	"slices"
	"strings"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/platform/daily/standin"
)

// TestALeasedRoom is made ahead of time and let nobody in before: the stand-in asks for the room's and the token's
// times. The same again is the same room; removed, it is gone, and twice is no error. No key is in a seat.
func TestALeasedRoom(t *testing.T) {
	cloud, err := standin.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer cloud.Close()
	place := bench.Place{API: cloud.API(), Key: cloud.Key}
	of := bench.LeaseOf{Room: "fra-1", From: time.Now().Add(time.Hour), Until: time.Now().Add(2 * time.Hour),
		Identity: map[bench.Role]string{bench.Runner: "runner-of-fra-1", bench.Answerer: "echo-of-fra-1"}}
	for range 2 {
		seats, err := lease(t.Context(), place, of)
		if err != nil || len(seats) != 2 || len(cloud.Rooms()) != 1 {
			t.Fatalf("%v: %v, rooms %v", seats, err, cloud.Rooms())
		}
		for role, s := range seats {
			if s.Identity != of.Identity[role] || s.Token == "" || strings.Contains(s.Token+s.URL, place.Key) {
				t.Errorf("%s: %+v", role, s)
			}
			if kind := cloud.Refusal(s.Name, s.Token); kind != "nbf-room" {
				t.Errorf("%s: an hour too early: %q", role, kind)
			}
		}
	}
	of.Room, of.From = "now", time.Now().Add(-time.Minute)
	seats, err := lease(t.Context(), place, of)
	if err != nil {
		t.Fatal(err)
	}
	for role, s := range seats {
		if kind := cloud.Refusal(s.Name, s.Token); kind != "" {
			t.Errorf("%s: in its time: %q", role, kind)
		}
	}
	for range 2 {
		if err := vacate(t.Context(), place, "fra-1"); err != nil || slices.Contains(cloud.Rooms(), "fra-1") {
			t.Errorf("removed: %v", err)
		}
	}
	if _, err := lease(t.Context(), bench.Place{API: cloud.API()}, of); err == nil {
		t.Error("a room was leased without a key")
	}
}

// TestWhereASeatMayBe: a seat that somebody else made is at Daily, or where this machine has its call machine from.
func TestWhereASeatMayBe(t *testing.T) {
	for _, x := range []struct {
		bundle, url string
		want        bool
	}{
		{"", "https://my.daily.co/a", true}, {"", "https://evil.example/a", false},
		{"", "http://my.daily.co/a", false}, {"", "https://daily.co.evil.example/a", false},
		{"", "https://evildaily.co/a", false}, {"", "https://my.daily.co:444/a", false}, {"", "", false},
		{"", "https://my.daily.co@evil.example/a", false}, {"", "https://evil.example/.daily.co", false},
		{"http://127.0.0.1:9/cm", "http://127.0.0.1:9/a", true},
		{"http://127.0.0.1:9/cm", "http://127.0.0.1:8/a", false},
		{"https://mirror.example/cm", "http://mirror.example/a", false},
	} {
		err := ofDaily(bench.Place{Bundle: x.bundle}, bench.Seat{Room: bench.Room{URL: x.url}})
		if (err == nil) != x.want {
			t.Errorf("%s, code from %q: %v", x.url, x.bundle, err)
		}
	}
}
