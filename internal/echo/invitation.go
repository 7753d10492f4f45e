package echo

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Invitation is the answer to POST /connect, in the form of the original service: room_id, and an object or null for
// each platform.
type Invitation struct {
	RoomID string
	Rooms  map[string]Room // by platform
}

// Room is how a runner joins a room.
type Room struct {
	URL       string // of the server, or of the room
	Name      string
	Token     string
	ExpiresAt float64 // Unix s
}

// roomWire is a room as most platforms have it. The room of Daily is known by its URL alone.
type roomWire struct {
	ServerURL string `json:"server_url"`
	Name      string `json:"room_name"`
	Token     string `json:"token"`
	ExpiresAt expiry `json:"expires_at"`
}

type roomURLWire struct {
	URL       string `json:"room_url"`
	ExpiresAt expiry `json:"expires_at"`
}

// expiry is when a room ends, in Unix seconds. No runner needs it: an answer with a text or a list in its place still
// names a room that can be measured in.
type expiry float64

// UnmarshalJSON implements json.Unmarshaler. A value that is no number is read as 0.
func (e *expiry) UnmarshalJSON(data []byte) error {
	var v float64
	if json.Unmarshal(bytes.Trim(data, `"`), &v) == nil {
		*e = expiry(v)
	}
	return nil
}

// usual are the platforms of the original: their keys are always in an answer, in this order. needed is what a runner
// must be given.
var (
	usual  = []string{"daily", "livekit"}
	needed = map[string]string{"daily": "a Daily URL", "livekit": "a LiveKit token"}
)

// byURL reports whether a platform's rooms are known by their URL alone.
func byURL(platform string) bool { return platform == usual[0] }

// MarshalJSON implements json.Marshaler.
func (in Invitation) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	id, err := json.Marshal(in.RoomID)
	fmt.Fprintf(&b, `{"room_id":%s`, id)
	names := slices.Sorted(maps.Keys(in.Rooms))
	others := slices.DeleteFunc(names, func(n string) bool { return slices.Contains(usual, n) })
	for _, name := range append(slices.Clone(usual), others...) {
		var value any
		switch r, there := in.Rooms[name]; {
		case there && byURL(name):
			value = roomURLWire{r.URL, expiry(r.ExpiresAt)}
		case there:
			value = roomWire{r.URL, r.Name, r.Token, expiry(r.ExpiresAt)}
		}
		key, _ := json.Marshal(name)
		text, e := json.Marshal(value)
		if e != nil {
			err = e
		}
		fmt.Fprintf(&b, `,%s:%s`, key, text)
	}
	b.WriteByte('}')
	return b.Bytes(), err
}

// UnmarshalJSON implements json.Unmarshaler. Every number in an answer may be a float: the original's expires_at is
// one.
func (in *Invitation) UnmarshalJSON(data []byte) error {
	var file struct {
		RoomID string `json:"room_id"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		return err
	}
	var parts map[string]json.RawMessage
	if err := json.Unmarshal(data, &parts); err != nil {
		return err
	}
	*in = Invitation{RoomID: file.RoomID, Rooms: map[string]Room{}}
	for name, part := range parts {
		if bytes.HasPrefix(part, []byte(`{`)) || slices.Contains(usual, name) {
			if err := in.read(name, part); err != nil {
				return err
			}
		}
	}
	return nil
}

func (in *Invitation) read(name string, part json.RawMessage) error {
	if string(part) == "null" {
		return nil
	}
	if byURL(name) {
		var r roomURLWire
		err := json.Unmarshal(part, &r)
		in.Rooms[name] = Room{URL: strings.TrimSpace(r.URL), ExpiresAt: float64(r.ExpiresAt)}
		return within(name, err)
	}
	var r roomWire
	err := json.Unmarshal(part, &r)
	in.Rooms[name] = Room{strings.TrimSpace(r.ServerURL), r.Name, strings.TrimSpace(r.Token), float64(r.ExpiresAt)}
	return within(name, err)
}

// within is an error about a part of the answer, with the name of the part before the name of the field.
func within(name string, err error) error {
	if wrong, ok := err.(*json.UnmarshalTypeError); ok {
		of := *wrong
		of.Field = name
		if wrong.Field != "" {
			of.Field += "." + wrong.Field
		}
		return &of
	}
	return err
}

// check finds out whether something that was asked for is missing in an answer.
func (in Invitation) check(platforms []string) error {
	missing := func(part string) error {
		asked := ask(platforms)
		return fmt.Errorf("the room that it gave is without %s: is it a service for %s?", part, asked)
	}
	if in.RoomID == "" {
		return missing("an id")
	}
	for _, name := range platforms {
		r := in.Rooms[name]
		what := needed[name]
		if what == "" {
			what = "a URL for " + name
		}
		if r.URL == "" || r.Token == "" && !byURL(name) {
			return missing(what)
		}
	}
	return nil
}

// ask is the value by which the query asks for platforms.
func ask(platforms []string) string {
	if len(platforms) == 1 {
		return platforms[0]
	}
	return "both"
}
