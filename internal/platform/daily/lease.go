package daily

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"rtcbench/bench"
	"rtcbench/internal/redact"
)

// leases are rooms that are made ahead of time, each for one slot alone: nobody can join before the slot, and whoever
// is there at its end is put out. A room has to be there before somebody joins, so making one takes a request to
// Daily's REST interface.
var leases = &bench.Leases{Make: lease, Remove: vacate, Check: ofDaily,
	Keys: map[string]string{"api-key": "leased", "daily-api-url": ""}}

// lease makes a room, and a token for each participant who is to come. A room that is there already by that name is
// used.
func lease(ctx context.Context, where bench.Place, of bench.LeaseOf) (map[bench.Role]bench.Seat, error) {
	if where.Key == "" {
		return nil, errors.New("seats are leased with an API key of Daily")
	}
	c := &Client{API: where.API, Key: where.Key}
	good := span{of.From, of.Until}
	room, err := c.create(ctx, of.Room, "private", good, where.Region)
	if err != nil {
		return nil, err
	}
	seats := map[bench.Role]bench.Seat{}
	for role, identity := range of.Identity {
		token, err := c.token(ctx, room.Name, identity, good)
		if err != nil {
			return nil, err
		}
		seats[role] = bench.Seat{Identity: identity, Room: bench.Room{URL: room.URL, Name: room.Name, Token: token}}
	}
	return seats, nil
}

// vacate removes a room that lease made.
func vacate(ctx context.Context, where bench.Place, room string) error {
	return (&Client{API: where.API, Key: where.Key}).DeleteRoom(ctx, room)
}

// ofDaily refuses a seat that is not at Daily: the page that takes the seat speaks to whatever host the seat names. A
// room may also be on the host from which this machine itself is told to load the call machine.
func ofDaily(own bench.Place, s bench.Seat) error {
	room, err := url.Parse(s.URL)
	if err != nil {
		return errors.New("the seat names a room whose URL cannot be read")
	}
	mirror, err := url.Parse(own.Bundle)
	switch {
	case room.Scheme == "https" && room.Port() == "" && strings.HasSuffix(room.Hostname(), ".daily.co"):
	case err == nil && mirror.Host != "" && room.Host == mirror.Host && room.Scheme == mirror.Scheme:
	default:
		return fmt.Errorf("the seat names a room at %.80q, and rooms of Daily are at https://DOMAIN.daily.co",
			redact.URL(s.URL))
	}
	return nil
}
