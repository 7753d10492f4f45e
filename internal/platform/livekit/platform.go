package livekit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	"rtcbench/bench"
	clean "rtcbench/internal/redact"
)

// Platform is LiveKit: its own cloud, and servers of one's own.
var Platform = bench.Platform{
	Name: "livekit", Title: "LiveKit", Engines: []string{bench.Native, bench.Browser},
	Media:     []bench.TransportClass{bench.DataChannelReliable, bench.DataChannelLossy, bench.RTPAudio, bench.Turn},
	Meet:      func(where bench.Place, life time.Duration) bench.Meeting { return NewMeeting(where, life) },
	Transport: Transport{},
	Rooms:     func(where bench.Place) bench.Rooms { return roomsOf(where) },
	Voice:     Voice{},
	Invited:   invited,
	Lease:     leases,
	Page: bench.Page{
		Family: []string{".livekit.cloud", ".livekit.run"}, // LiveKit Cloud sends its clients on to a region's host
		Missing: map[string]bench.Missing{
			"": {What: "no answer", Maybe: "; is this a LiveKit server?"},
			"signalling": {What: "the server answers, but there is no connection for data",
				Maybe: "; does a firewall stop UDP to it?"},
			"ice":          {What: "no DTLS to the server", Maybe: "; does the path lose much?"},
			"dtls":         {What: "no data channel to the server", Maybe: "; does the path lose much?"},
			"data_channel": {What: "the server carried no message on the data channel"},
		},
	},
}

// Schemes are the schemes that a server's URL can have.
var Schemes = []string{"wss", "ws", "https", "http"}

// invited reads a place that an echo service gave: a server's URL and a token.
func invited(place *bench.Place) error {
	u, err := url.Parse(place.URL)
	if err != nil || u.Host == "" || !slices.Contains(Schemes, u.Scheme) {
		return fmt.Errorf("%.80q as LiveKit's URL: that is none", clean.URL(place.URL))
	}
	if refused, _ := Read(place.Token, bench.Runner, place.Class, time.Now()); refused != "" {
		return fmt.Errorf("a LiveKit token that cannot be used: %s", refused)
	}
	place.URL = clean.URL(place.URL)
	return nil
}

// Meeting is a room on a LiveKit server. Where the user gave no token, tokens are made with the key, one for each seat.
type Meeting struct {
	place      bench.Place
	key        Key
	life       time.Duration
	fresh      bool // nobody else knows the room's name
	dispatched *Dispatch
}

var _ bench.Meeting = (*Meeting)(nil)

// NewMeeting is the room that where names, or a fresh one. Its tokens last for life.
func NewMeeting(where bench.Place, life time.Duration) *Meeting {
	m := &Meeting{place: where, key: Key{where.Key, where.Secret}, life: life}
	if where.Token == "" && where.Room == "" {
		m.place.Room, m.fresh = bench.NewIdentity("room"), true
	}
	return m
}

// String names the room for a person.
func (m *Meeting) String() string {
	if m.place.Token != "" {
		return "the token's room at " + m.place.URL
	}
	return fmt.Sprintf("room %q at %s", m.place.Room, m.place.URL)
}

// URL implements bench.Meeting.
func (m *Meeting) URL() string { return m.place.URL }

// Open implements bench.Meeting: it sends the agent that is to be the echo into the room. The room itself is made when
// the first participant joins.
func (m *Meeting) Open(ctx context.Context) (err error) {
	if m.place.Agent == "" {
		return nil
	}
	m.dispatched, err = m.key.Dispatch(ctx, m.place.URL, m.place.Room, m.place.Agent)
	if err != nil && ctx.Err() == nil { // else the order may have been taken all the same
		m.place.Agent = ""
	}
	return err
}

// Seat implements bench.Meeting. A guest may join the room and not make one.
func (m *Meeting) Seat(role bench.Role, identity string) (seat bench.Seat, err error) {
	seat = bench.Seat{Room: bench.Room{URL: m.place.URL, Name: m.place.Room, Token: m.place.Token}, Identity: identity}
	if m.place.Token == "" {
		seat.Token, err = m.key.mint(m.place.Room, identity, m.life, rightsOf(role, m.place.Class))
	}
	return seat, err
}

// Explain implements bench.Meeting: a page does not learn the status of an answer, so the server is asked again.
func (m *Meeting) Explain(ctx context.Context, seat bench.Seat, err error) error {
	return Explain(ctx, seat.Room, err)
}

// fateTimeout bounds the question what became of an agent.
const fateTimeout = time.Second

// Complete implements bench.Meeting.
func (m *Meeting) Complete(ctx context.Context, _ *bench.Run, err error) error {
	because := "answers no ping: is it an echo, and does it join in time? --echo-timeout waits longer"
	switch {
	case m.dispatched == nil:
		return err
	case errors.Is(err, bench.ErrNobody):
		because = "is not in the room: does it connect, and in time?"
	case !errors.Is(err, bench.ErrNoEcho):
		return err
	}
	asking, cancel := context.WithTimeout(context.WithoutCancel(ctx), fateTimeout)
	defer cancel()
	return fmt.Errorf("%w (%s)", err, m.dispatched.Fate(asking, because))
}

// Delete implements bench.Meeting. It calls the agent back, and ends a room that is this run's alone or was made for
// guests, because some agents stay until their room ends. Other rooms end when the last participant leaves.
func (m *Meeting) Delete(ctx context.Context) error {
	var order, room error
	if m.dispatched != nil {
		order = m.dispatched.Delete(ctx)
	}
	if m.place.Guests || m.fresh && m.place.Agent != "" {
		room = m.key.DeleteRoom(ctx, m.place.URL, m.place.Room)
	}
	switch {
	case order != nil && room != nil:
		return fmt.Errorf("%w; %w; the server ends both by itself", order, room)
	case order != nil || room != nil:
		return fmt.Errorf("%w; the server ends it by itself", cmp.Or(order, room))
	}
	return nil
}
