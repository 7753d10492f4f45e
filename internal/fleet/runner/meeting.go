package runner

import (
	"context"
	"fmt"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/fleet"
	"rtcbench/internal/redact"
)

// leased is p where seats are not made but were given. Where code is loaded from is no hub's to say: that stays as the
// runner has it.
func leased(p bench.Platform, seat fleet.Seat) bench.Platform {
	meet := p.Meet
	p.Meet = func(own bench.Place, life time.Duration) bench.Meeting {
		seat.Runner.Bundle, seat.Answerer.Bundle = own.Bundle, own.Bundle
		at := seat.Runner
		if seat.For != "" {
			at = seat.Answerer
		}
		m := &meeting{seat: seat, Meeting: meet(bench.Place{URL: at.URL, Token: at.Token, Region: own.Region}, life)}
		if p.Lease != nil {
			m.refuse = func(s bench.Seat) error { return p.Lease.Check(own, s) }
		}
		return m
	}
	return p
}

// meeting is a room that the hub has made, or whoever comes first makes.
type meeting struct {
	seat   fleet.Seat
	refuse func(bench.Seat) error // nil = nothing speaks against a seat
	bench.Meeting
}

// String implements bench.Meeting.
func (m *meeting) String() string {
	at := m.of(bench.Runner)
	if m.seat.For != "" {
		at = m.of(bench.Answerer)
	}
	return fmt.Sprintf("room %q at %s, leased by the hub", at.Name, redact.URL(at.URL))
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

// Seat implements bench.Meeting. What the hub gave may not be for this platform.
func (m *meeting) Seat(role bench.Role, _ string) (bench.Seat, error) {
	s := m.of(role)
	if m.refuse != nil {
		if err := m.refuse(s); err != nil {
			return bench.Seat{}, fmt.Errorf("a seat that the hub leased is not taken: %w", err)
		}
	}
	return s, nil
}

// Delete implements bench.Meeting: the room ends by itself.
func (m *meeting) Delete(context.Context) error { return nil }
