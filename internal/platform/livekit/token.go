package livekit

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/livekit/protocol/auth"
	protocol "github.com/livekit/protocol/livekit"

	"rtcbench/bench"
	clean "rtcbench/internal/redact"
)

// Key is the API key and the secret with which tokens are made.
type Key struct{ Key, Secret string }

// Mint makes a token for one room and one identity. The token is for somebody else: it allows exchanging data and
// nothing more.
func (k Key) Mint(room, identity string, life time.Duration) (string, error) {
	return k.mint(room, identity, life, rights{data: true})
}

// MintOwn is Mint for a participant of this process. The token also makes the room where the server makes none by
// itself (room.auto_create: false). It would also let its owner end other rooms.
func (k Key) MintOwn(room, identity string, life time.Duration) (string, error) {
	return k.mint(room, identity, life, rights{data: true, create: true})
}

// rights are what a token allows beside joining and hearing.
type rights struct {
	data, audio bool // to send
	create      bool // to make the room
}

// rightsOf are what a seat needs, and no more. An echo answers messages in any case.
func rightsOf(role bench.Role, class bench.TransportClass) rights {
	if role == bench.Speaker {
		return rights{audio: true, create: true}
	}
	audio := class == bench.RTPAudio
	return rights{data: role == bench.Answerer || !audio, audio: audio, create: role != bench.Guest}
}

// MintSpeaker is MintOwn for a participant that also speaks.
func (k Key) MintSpeaker(room, identity string, life time.Duration) (string, error) {
	return k.mint(room, identity, life, rightsOf(bench.Speaker, bench.Turn))
}

// microphone is the only source of media that we publish.
const microphone = protocol.TrackSource_MICROPHONE

func (k Key) mint(room, identity string, life time.Duration, may rights) (string, error) {
	token, err := auth.NewAccessToken(k.Key, k.Secret).SetVideoGrant(grant(room, may)).SetIdentity(identity).
		SetValidFor(life).ToJWT()
	if err != nil {
		return "", fmt.Errorf("mint a token for room %q: %w", room, err)
	}
	return token, nil
}

// grant allows a participant what may says, in one room.
func grant(room string, may rights) *auth.VideoGrant {
	yes := true
	// CanSubscribe: without it the server opens no data channel towards us.
	g := &auth.VideoGrant{RoomJoin: true, RoomCreate: may.create, Room: room, CanPublish: &may.audio,
		CanPublishData: &may.data, CanSubscribe: &yes}
	if may.audio {
		g.SetCanPublishSources([]protocol.TrackSource{microphone})
	}
	return g
}

// mintFor is Mint for a limited time, which may begin later: the SDK's own tokens are valid from now on.
func (k Key) mintFor(l bench.LeaseOf, role bench.Role) (string, error) {
	may := rightsOf(role, l.Class)
	may.create = false // with this right its owner could end other rooms
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, struct {
		jwt.RegisteredClaims
		Video *auth.VideoGrant `json:"video"`
	}{
		jwt.RegisteredClaims{Issuer: k.Key, Subject: l.Identity[role], NotBefore: jwt.NewNumericDate(l.From),
			ExpiresAt: jwt.NewNumericDate(l.Until)},
		grant(l.Room, may),
	}).SignedString([]byte(k.Secret))
	if err != nil {
		return "", fmt.Errorf("mint a token for room %q: %w", l.Room, err)
	}
	return token, nil
}

// leases are tokens for a limited time: the server makes a room when somebody joins.
var leases = &bench.Leases{Make: lease, Check: sameServer,
	Keys: map[string]string{"api-key": "leased", "api-secret": "leased"}}

// lease makes seats for a limited time.
func lease(_ context.Context, where bench.Place, l bench.LeaseOf) (map[bench.Role]bench.Seat, error) {
	if where.Key == "" || where.Secret == "" {
		return nil, errors.New("seats are leased with an API key and its secret")
	}
	seats := map[bench.Role]bench.Seat{}
	for role, identity := range l.Identity {
		token, err := Key{where.Key, where.Secret}.mintFor(l, role)
		if err != nil {
			return nil, err
		}
		seats[role] = bench.Seat{Room: bench.Room{URL: where.URL, Name: l.Room, Token: token}, Identity: identity}
	}
	return seats, nil
}

// sameServer refuses a seat on another server than the one that the job names.
func sameServer(own bench.Place, s bench.Seat) error {
	if own.URL != "" && s.URL != own.URL {
		return fmt.Errorf("the seat is on %.80q, and the job names %.80q", clean.URL(s.URL), clean.URL(own.URL))
	}
	return nil
}

// claims are the claims of a token that decide whether a runner or an echo can do its work with the token.
// https://docs.livekit.io/frontends/authentication/tokens/ names all claims.
type claims struct {
	jwt.RegisteredClaims
	Video *struct {
		RoomJoin       bool   `json:"roomJoin"`
		Room           string `json:"room"`
		RoomName       string `json:"roomName"` // LiveKit does not read this name, but people write it
		CanPublish     *bool  `json:"canPublish"`
		CanPublishData *bool  `json:"canPublishData"`
		CanSubscribe   *bool  `json:"canSubscribe"`

		Sources []string `json:"canPublishSources"` // none = all

		Hidden   bool `json:"hidden"`
		Agent    bool `json:"agent"`
		Recorder bool `json:"recorder"`
	} `json:"video"`
}

// lastYear is the last one that RFC 3339 can name.
const lastYear = 9999

// unreadable says what is wrong with a token, without showing what is in it.
func unreadable(token string, err error) string {
	var kind *json.UnmarshalTypeError
	if errors.As(err, &kind) {
		name := kind.Field[strings.LastIndexByte(kind.Field, '.')+1:]
		return fmt.Sprintf("its claim %s is of another kind (%s)", name, strings.Fields(kind.Value)[0])
	}
	if parts := strings.Split(token, "."); len(parts) == 3 {
		if claims, err := base64.RawURLEncoding.DecodeString(parts[1]); err == nil && json.Valid(claims) {
			return "one of its claims cannot be read (exp, nbf and iat are Unix seconds)"
		}
	}
	return "it is no JWT"
}

// Read looks into a token for a seat, without knowing the secret. refused says why no ping can ever be sent or answered
// with the token; "" = nothing speaks against it. doubts are what looks wrong and only the server can judge: the server
// is asked all the same.
func Read(token string, role bench.Role, class bench.TransportClass, now time.Time) (refused string,
	doubts []string) {
	var c claims
	if _, _, err := jwt.NewParser().ParseUnverified(token, &c); err != nil {
		return "", []string{unreadable(token, err)}
	}
	if c.ExpiresAt != nil && c.ExpiresAt.Year() > lastYear {
		doubts = append(doubts, "its exp is no time, in Unix seconds")
	} else if c.ExpiresAt != nil && now.After(c.ExpiresAt.Time) {
		doubts = append(doubts, "it expired at "+c.ExpiresAt.UTC().Format(time.RFC3339))
	}
	if c.NotBefore != nil && now.Before(c.NotBefore.Time) {
		doubts = append(doubts, "it is not valid before "+c.NotBefore.UTC().Format(time.RFC3339))
	}
	if c.Subject == "" {
		doubts = append(doubts, "it names no participant (sub)")
	}
	v, may, silent := c.Video, rightsOf(role, class), ""
	if v != nil {
		silent = mute(v.CanPublish, v.Sources)
	}
	switch no := func(b *bool) bool { return b != nil && !*b }; {
	case v == nil:
		refused = "it grants nothing in a room (it has no video grant)"
	case v.Agent && !v.RoomJoin:
		refused = "it is for a worker that registers agents (agent), and does not let into a room (roomJoin)"
	case !v.RoomJoin:
		refused = "it does not let into a room (roomJoin is not true)"
	case v.Room == "" && v.RoomName != "":
		refused = fmt.Sprintf("it names its room %.80q as roomName, and LiveKit reads room", v.RoomName)
	case v.Room == "":
		refused = "it names no room (room)"
	case may.data && no(v.CanPublishData):
		refused = "it may not send data (canPublishData is false)"
	case may.data && v.CanPublishData == nil && no(v.CanPublish):
		refused = "it may not send data (canPublish is false, and canPublishData is not given: then it is the same)"
	case may.audio && silent != "":
		refused = silent
	case no(v.CanSubscribe) && may.audio:
		refused = "it may not hear audio (canSubscribe is false)"
	case no(v.CanSubscribe):
		refused = "it may not receive data (canSubscribe is false)"
	case v.Hidden:
		refused = "its participant is hidden: the server does not say whose its messages are, and nobody can " +
			"answer them"
	case v.Recorder:
		doubts = append(doubts, "it is a recorder's, and the room will count as being recorded")
	}
	if refused == "" && role == bench.Answerer && silent != "" {
		doubts = append(doubts, silent+", so that audio pings get no answer")
	}
	return refused, doubts
}

// mute says why a token does not let its owner speak; "" = it does.
func mute(canPublish *bool, sources []string) string {
	name := strings.ToLower(microphone.String())
	switch {
	case len(sources) > 0 && !slices.Contains(sources, name):
		return fmt.Sprintf("it may not publish audio (canPublishSources has no %s)", name)
	case len(sources) == 0 && canPublish != nil && !*canPublish:
		return "it may not publish audio (canPublish is false)"
	}
	return ""
}
