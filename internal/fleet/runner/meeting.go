package runner

import (
	"context"
	"fmt"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/fleet"
)

// leased is p where seats are not made but were given. Where code is loaded from is no hub's to say: that stays as the
// runner has it.
func leased(p bench.Platform, seat fleet.Seat) bench.Platform {
	meet := p.Meet
	p.Meet = func(own bench.Place, life time.Duration) bench.Meeting {
		seat.Runner.Bundle, seat.Answerer.Bundle = own.Bundle, own.Bundle
		return &meeting{seat, meet(bench.Place{URL: seat.Runner.URL, Token: seat.Runner.Token}, life)}
	}
	return p
}

// meeting is a room that the hub has made, or whoever comes first makes.
type meeting struct {
	seat fleet.Seat
	bench.Meeting
}

// String implements bench.Meeting.
func (m *meeting) String() string {
	return fmt.Sprintf("room %q at %s, leased by the hub", m.seat.Runner.Name, m.seat.Runner.URL)
}

// Open implements bench.Meeting.
func (m *meeting) Open(context.Context) error { return nil }

// Identity is who takes a seat: it stands in the seat's token.
func (m *meeting) Identity(role bench.Role) string { return m.of(role).Identity }

func (m *meeting) of(role bench.Role) bench.Seat {
	if role == bench.Answerer {
		return m.seat.Answerer
	}
	return m.seat.Runner
}

// Seat implements bench.Meeting.
func (m *meeting) Seat(role bench.Role, _ string) (bench.Seat, error) { return m.of(role), nil }

// Delete implements bench.Meeting: the room ends by itself.
func (m *meeting) Delete(context.Context) error { return nil }
