package runner

import (
	"context"
	"fmt"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/fleet"
	"rtcbench/internal/redact"
)

// leased is p with a meeting in the given seat: no seat is made. The hub does not decide where code is loaded from: the
// runner's Bundle stays.
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

// meeting is a room that the hub has made, or that the first participant makes by joining.
type meeting struct {
	seat   fleet.Seat
	refuse func(bench.Seat) error // checks a seat; nil = every seat is accepted
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

// Identity is the participant's name in the seat: the seat's token contains it.
func (m *meeting) Identity(role bench.Role) string { return m.of(role).Identity }

func (m *meeting) of(role bench.Role) bench.Seat {
	if role == bench.Answerer {
		return m.seat.Answerer
	}
	return m.seat.Runner
}

// Seat implements bench.Meeting. It refuses a seat that is not for this platform.
func (m *meeting) Seat(role bench.Role, _ string) (bench.Seat, error) {
	s := m.of(role)
	if m.refuse != nil {
		if err := m.refuse(s); err != nil {
			return bench.Seat{}, fmt.Errorf("a seat that the hub leased is not taken: %w", err)
		}
	}
	return s, nil
}

// Delete implements bench.Meeting. It does nothing: the room ends by itself.
func (m *meeting) Delete(context.Context) error { return nil }
