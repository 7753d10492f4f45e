package livekit_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/platform/livekit"
	"rtcbench/internal/sandbox/options"
	"rtcbench/internal/sandbox/sandboxtest"
)

// TestRead: every grant that decides is read before anybody joins.
func TestRead(t *testing.T) {
	now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	type grants = map[string]any
	for name, c := range map[string]struct {
		video          any
		refused, doubt string
	}{
		"all there": {grants{"room": "r", "roomJoin": true}, "", ""},
		"data alone": {grants{"room": "r", "roomJoin": true, "canPublish": false,
			"canPublishData": true}, "", ""},
		"no media": {grants{"room": "r", "roomJoin": true, "canPublish": false, "canPublishData": true}, "", ""},
		"some sources": {
			grants{"room": "r", "roomJoin": true, "canPublishSources": []string{"microphone"}}, "", ""},
		"an agent in a room": {grants{"room": "r", "roomJoin": true, "agent": true}, "", ""},
		"no data": {grants{"room": "r", "roomJoin": true, "canPublishData": false},
			"canPublishData is false", ""},
		"no data, by canPublish": {grants{"room": "r", "roomJoin": true, "canPublish": false},
			"canPublish is false", ""},
		"nothing comes": {grants{"room": "r", "roomJoin": true, "canSubscribe": false},
			"canSubscribe is false", ""},
		"hidden":                    {grants{"room": "r", "roomJoin": true, "hidden": true}, "hidden", ""},
		"another name for the room": {grants{"roomName": "r", "roomJoin": true}, `"r" as roomName`, ""},
		"no room":                   {grants{"roomJoin": true}, "names no room", ""},
		"no way in":                 {grants{"room": "r", "roomList": true}, "roomJoin is not true", ""},
		"a worker's":                {grants{"agent": true}, "worker", ""},
		"no grant":                  {nil, "no video grant", ""},
		"a recorder's":              {grants{"room": "r", "roomJoin": true, "recorder": true}, "", "recorder"},
		"other types":               {"yes", "", "claim video is of another kind (string)"},
		"another type": {grants{"room": "r", "roomJoin": "true"}, "",
			"claim roomJoin is of another kind (string)"},
	} {
		claims := jwt.MapClaims{"sub": "me", "exp": now.Add(time.Hour).Unix(), "nbf": now.Add(-time.Hour).Unix()}
		if c.video != nil {
			claims["video"] = c.video
		}
		refused, doubts := livekit.Read(signed(t, claims), bench.Runner, "", now)
		if !strings.Contains(refused, c.refused) || (refused == "") != (c.refused == "") {
			t.Errorf("%s: refused %q, want %q", name, refused, c.refused)
		}
		if text := strings.Join(doubts, "; "); !strings.Contains(text, c.doubt) || (text == "") != (c.doubt == "") {
			t.Errorf("%s: doubts %q, want %q", name, text, c.doubt)
		}
	}
	good := grants{"room": "r", "roomJoin": true}
	for want, claims := range map[string]jwt.MapClaims{
		"expired at 2026-11-26T11:00:00Z":       {"sub": "me", "exp": now.Add(-time.Hour).Unix(), "video": good},
		"not valid before 2026-11-26T13:00:00Z": {"sub": "me", "nbf": now.Add(time.Hour).Unix(), "video": good},
		"names no participant":                  {"video": good},
		"exp is no time":                        {"sub": "me", "exp": 1e18, "video": good},
		"one of its claims cannot be read":      {"sub": "me", "exp": "soon", "video": good},
	} {
		refused, doubts := livekit.Read(signed(t, claims), bench.Runner, "", now)
		if refused != "" || len(doubts) != 1 ||
			!strings.Contains(doubts[0], want) {
			t.Errorf("%q, %q; want %q", refused, doubts, want)
		}
	}
	key := livekit.Key{Key: "key", Secret: strings.Repeat("s", 32)}
	for _, mint := range []func(string, string, time.Duration) (string, error){key.Mint, key.MintOwn} {
		token, err := mint("r", "me", time.Hour)
		refused, doubts := livekit.Read(token, bench.Runner, "", time.Now())
		if err != nil || refused != "" || len(doubts) > 0 {
			t.Errorf("our own token: %q, %q, %v", refused, doubts, err)
		}
	}
}

// TestReadForAudio: a runner of audio has to speak and to hear; an echo that may not speak answers messages alone.
func TestReadForAudio(t *testing.T) {
	type grants = map[string]any
	with := func(more grants) grants {
		all := grants{"room": "r", "roomJoin": true}
		for k, v := range more {
			all[k] = v
		}
		return all
	}
	for name, c := range map[string]struct {
		role           bench.Role
		video          grants
		refused, doubt string
	}{
		"all there":      {bench.Runner, with(nil), "", ""},
		"audio alone":    {bench.Runner, with(grants{"canPublish": true, "canPublishData": false}), "", ""},
		"may not speak":  {bench.Runner, with(grants{"canPublish": false}), "publish audio (canPublish is false)", ""},
		"a camera alone": {bench.Runner, with(grants{"canPublishSources": []string{"camera"}}), "no microphone", ""},
		"a microphone": {bench.Runner, with(grants{"canPublish": false, "canPublishSources": []string{"microphone"}}),
			"", ""},
		"may not hear": {bench.Runner, with(grants{"canSubscribe": false}), "hear audio (canSubscribe is false)", ""},
		"an echo that may not speak": {bench.Answerer, with(grants{"canPublish": false, "canPublishData": true}), "",
			"audio pings get no answer"},
		"an echo": {bench.Answerer, with(nil), "", ""},
	} {
		claims := jwt.MapClaims{"sub": "me", "exp": time.Now().Add(time.Hour).Unix(), "video": c.video}
		class := map[bench.Role]bench.TransportClass{bench.Runner: bench.RTPAudio}[c.role]
		refused, doubts := livekit.Read(signed(t, claims), c.role, class, time.Now())
		text := strings.Join(doubts, "; ")
		if !strings.Contains(refused, c.refused) || (refused == "") != (c.refused == "") ||
			!strings.Contains(text, c.doubt) || (text == "") != (c.doubt == "") {
			t.Errorf("%s: refused %q, doubts %q", name, refused, text)
		}
	}
}

// TestSeatsMayDoWhatTheyNeed, and no more.
func TestSeatsMayDoWhatTheyNeed(t *testing.T) {
	for _, c := range []struct {
		role        bench.Role
		class       bench.TransportClass
		data, audio bool
	}{
		{bench.Runner, "", true, false}, {bench.Guest, bench.DataChannelLossy, true, false},
		{bench.Answerer, "", true, false}, {bench.Runner, bench.RTPAudio, false, true},
		{bench.Guest, bench.RTPAudio, false, true}, {bench.Answerer, bench.RTPAudio, true, true},
	} {
		place := bench.Place{Room: "r", Key: "key", Secret: strings.Repeat("s", 32), Class: c.class}
		seat, err := livekit.NewMeeting(place, time.Hour).Seat(c.role, "me")
		if err != nil {
			t.Fatal(err)
		}
		var got struct {
			jwt.RegisteredClaims
			Video struct {
				CanPublish, CanPublishData, CanSubscribe, RoomCreate bool
				CanPublishSources                                    []string
			}
		}
		if _, _, err := jwt.NewParser().ParseUnverified(seat.Token, &got); err != nil {
			t.Fatal(err)
		}
		v := got.Video
		if v.CanPublish != c.audio || v.CanPublishData != c.data || !v.CanSubscribe ||
			v.RoomCreate != (c.role != bench.Guest) ||
			c.audio != slices.Equal(v.CanPublishSources, []string{"microphone"}) {
			t.Errorf("%s of %q: %+v", c.role, c.class, v)
		}
	}
}

func signed(t *testing.T, claims jwt.MapClaims) string {
	t.Helper()
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte("nobody looks at it"))
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// TestServerThatMakesNoRooms: who has the key makes the room by joining; a token for others does not, and joins when it
// is there.
func TestServerThatMakesNoRooms(t *testing.T) {
	server := sandboxtest.StartAs(t, func(o *options.Server) { o.NoAutoCreate = true })
	key := livekit.Key{Key: server.Key, Secret: server.Secret}
	join := func(mint func(string, string, time.Duration) (string, error), who string) (bench.Session, error) {
		token, err := mint("made", who, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		return livekit.Transport{}.Join(ctx, bench.Room{URL: server.URL, Token: token},
			bench.JoinOptions{ReconnectTimeout: time.Minute})
	}
	if s, err := join(key.Mint, "early"); err == nil {
		s.Close()
		t.Error("a room was there before anybody made it")
	}
	for _, c := range []struct {
		mint func(string, string, time.Duration) (string, error)
		who  string
	}{{key.MintOwn, "echo"}, {key.Mint, "guest"}, {key.MintOwn, "runner"}} {
		s, err := join(c.mint, c.who)
		if err != nil {
			t.Fatalf("%s: %v", c.who, err)
		}
		defer s.Close()
	}
}

// TestOnlyTCP: where UDP does not get through, the error says what this engine lacks.
func TestOnlyTCP(t *testing.T) {
	server := sandboxtest.StartAs(t, func(o *options.Server) { o.TCPPort = benchtest.FreePort() })
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	s, err := livekit.Transport{}.Join(ctx, room(t, server, "tcp", "me"),
		bench.JoinOptions{ReconnectTimeout: time.Minute})
	var late *bench.LateError
	if !errors.As(err, &late) || late.Waiting != bench.StepICE {
		t.Errorf("%v, %v", s, err)
	}
}
