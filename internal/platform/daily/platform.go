package daily

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/platform/daily/standin"
	"rtcbench/internal/redact"
)

// Platform is Daily. There is no Go SDK: the browser engine joins with Daily's own JavaScript SDK.
var Platform = bench.Platform{
	Name: "daily", Title: "Daily", Engines: []string{bench.Browser}, MaxMessage: MaxMessage,
	Media: []bench.TransportClass{bench.SignallingWebSocket, bench.RTPAudio, bench.Turn},
	Meet:  func(where bench.Place, life time.Duration) bench.Meeting { return NewMeeting(where, life) },
	Here: func() (bench.Place, func() error, error) {
		cloud, err := standin.Start()
		if err != nil {
			return bench.Place{}, nil, err
		}
		return bench.Place{URL: cloud.AddRoom("here"), Bundle: cloud.BundleURL()}, cloud.Close, nil
	},
	HereIs: "daily-js on a stand-in for its cloud",
	Lease:  leases,
	Page: bench.Page{
		// As Daily lists them for firewalls, without error reporting at sentry.io.
		// https://docs.daily.co/guides/privacy-and-security/corporate-firewalls-nats-allowed-ip-list
		Code:      "https://c.daily.co",
		Hosts:     []string{"*.daily.co", "*.dailywebrtc.com", "*.dailywebrtc.net", "*.pluot.blue"},
		Relays:    []string{"stun.cloudflare.com", "turn.cloudflare.com", "*.twilio.com"},
		Evaluates: true, // daily-js fetches its call machine from Daily's CDN or a mirror
		Missing: map[string]bench.Missing{
			"": {What: "daily-js had not loaded its call machine", Maybe: "; can this machine reach " +
				"Daily's CDN, or the mirror?"},
			"bundle":     {What: "no answer from Daily's signalling", Maybe: "; does a firewall stop it?"},
			"signalling": {What: "Daily's signalling answers, but the room was not joined"},
			"sfu":        {What: "Daily's signalling answers, but the room was not joined"},
		},
	},
}

// Meeting is a room of Daily: one that was named, or one that is made with a key and removed at the end.
type Meeting struct {
	place  bench.Place
	client *Client // nil = the room is there already
	life   time.Duration
	made   Room                  // zero = not yet
	tokens map[bench.Role]string // of a room that was made
}

var _ bench.Meeting = (*Meeting)(nil)

// NewMeeting is the room that where names, or one that is made with the key of where.
func NewMeeting(where bench.Place, life time.Duration) *Meeting {
	m := &Meeting{place: where, life: life, tokens: map[bench.Role]string{}}
	if where.URL == "" && where.Starter.URL == "" {
		m.client = &Client{API: where.API, Key: where.Key}
	}
	m.named(where.URL)
	return m
}

// named takes the URL of a room. Daily's links may also carry a token.
func (m *Meeting) named(room string) {
	if u, err := url.Parse(room); err == nil && room != "" {
		if t := u.Query().Get("t"); t != "" && m.place.Token == "" {
			m.place.Token = t
		}
		m.place.URL = redact.URL(room)
	}
}

// String names the room for a person.
func (m *Meeting) String() string {
	if m.place.URL == "" && m.place.Starter.URL != "" {
		return "the room of the agent's starter"
	}
	return "Daily room " + redact.URL(m.place.URL)
}

// URL implements bench.Meeting.
func (m *Meeting) URL() string { return m.place.URL }

// Open implements bench.Meeting.
func (m *Meeting) Open(ctx context.Context) (err error) {
	if s := m.place.Starter; s.URL != "" && m.place.URL == "" {
		room, token, err := Start(ctx, s)
		if err == nil {
			m.place.Token = token
			m.named(room)
		}
		return err
	}
	if m.client == nil {
		return nil
	}
	create := m.client.CreateRoom
	if m.place.Guests {
		create = m.client.CreatePublicRoom
	}
	end, name := time.Now().Add(m.life), m.place.Room
	if name == "" {
		name = bench.NewIdentity("room")
	}
	if m.made, err = create(ctx, name, end, m.place.Region); err != nil {
		return err
	}
	m.place.URL = m.made.URL
	if m.place.Guests {
		return nil
	}
	for _, role := range []bench.Role{bench.Runner, bench.Answerer} {
		if m.tokens[role], err = m.client.CreateToken(ctx, m.made.Name, "rtcbench-"+string(role), end); err != nil {
			return err
		}
	}
	return nil
}

// Seat implements bench.Meeting. A guest, who may be a runner of the original tool, joins by the URL alone.
func (m *Meeting) Seat(role bench.Role, identity string) (bench.Seat, error) {
	room := bench.Room{URL: m.place.URL, Token: cmp.Or(m.tokens[role], m.place.Token)}
	return bench.Seat{Room: room, Identity: identity, Bundle: m.place.Bundle}, nil
}

// Explain implements bench.Meeting: daily-js has already said everything, so err stays as it is.
func (m *Meeting) Explain(_ context.Context, _ bench.Seat, err error) error { return err }

// Complete implements bench.Meeting.
func (m *Meeting) Complete(_ context.Context, run *bench.Run, err error) error {
	run.Facts.Geo = m.place.Region
	run.Standin = run.Facts.SFU == standin.SFU
	if t := run.Facts.Topology; t != "" && t != "none" && t != "sfu" { // "none" means that the topology is not known
		run.Doubts = append(run.Doubts, bench.Doubt{Code: "topology",
			Text: fmt.Sprintf("Daily's topology is %q, not the usual \"sfu\": this is another path", t)})
	}
	return err
}

// Delete implements bench.Meeting.
func (m *Meeting) Delete(ctx context.Context) error {
	if m.made.Name == "" {
		return nil
	}
	if err := m.client.DeleteRoom(ctx, m.made.Name); err != nil {
		return fmt.Errorf("%w; it ends by itself", err)
	}
	return nil
}
