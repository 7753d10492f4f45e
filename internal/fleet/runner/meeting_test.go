package runner

import (
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/fleet"
)

// TestAHubNamesNoCode: a seat that a hub leased says where the room is. Where the platform's code comes from is the
// runner's to say.
func TestAHubNamesNoCode(t *testing.T) {
	p := bench.Platform{Meet: func(bench.Place, time.Duration) bench.Meeting { return nil }}
	seat := bench.Seat{Room: bench.Room{URL: "https://example.daily.co/a"}, Bundle: "https://evil.example"}
	for _, own := range []string{"", "https://mirror.example"} {
		m := leased(p, fleet.Seat{Runner: seat, Answerer: seat}).Meet(bench.Place{Bundle: own}, time.Hour)
		for _, role := range []bench.Role{bench.Runner, bench.Answerer} {
			if got, err := m.Seat(role, ""); got.Bundle != own || got.URL != seat.URL || err != nil {
				t.Errorf("%s: code from %q, room %q, %v; the runner's own is %q", role, got.Bundle, got.URL, err, own)
			}
		}
	}
}
