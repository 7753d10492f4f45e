package flags

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/platform/daily"
	"rtcbench/internal/platform/livekit"
	"rtcbench/internal/settings"
)

// given is a check of flags whose values come from the command line, the environment and .env, as ranks say.
func given(ranks map[string]settings.Rank) *settings.Check {
	sources := settings.New(nil, "")
	for flag, rank := range ranks {
		sources.Note(flag, settings.Source{Rank: rank})
	}
	return &settings.Check{Sources: sources}
}

// TestWhereAServiceListens: on this machine alone unless somebody says otherwise, at the original's ports, and where
// two flags say two places none of them is taken.
func TestWhereAServiceListens(t *testing.T) {
	for _, c := range []struct {
		flags    EchoGroup
		ranks    map[string]settings.Rank
		platform string
		address  string // "" = it is refused
		onlyHere bool
	}{
		{EchoGroup{Listen: "127.0.0.1:9000"}, nil, "livekit", "127.0.0.1:9000", true},
		{EchoGroup{Host: "localhost"}, nil, "livekit", "localhost:8001", true},
		{EchoGroup{Host: "127.0.0.1"}, nil, "daily", "127.0.0.1:8000", true},
		{EchoGroup{Port: "9000"}, nil, "both", "127.0.0.1:9000", true},
		{EchoGroup{Host: "0.0.0.0"}, nil, "both", "0.0.0.0:8001", false},
		{EchoGroup{Listen: ":9000"}, nil, "livekit", ":9000", false},
		{EchoGroup{Port: "99999"}, nil, "livekit", "", false},
		{EchoGroup{Listen: ":1", Port: "2"}, map[string]settings.Rank{"listen": settings.ByFlag,
			"port": settings.ByFlag}, "livekit", "", false},
		{EchoGroup{Listen: ":1", Port: "2"}, map[string]settings.Rank{"listen": settings.ByFlag,
			"port": settings.ByEnvironment}, "livekit", ":1", false},
	} {
		check := given(c.ranks)
		address := c.flags.Address(check, c.platform)
		if (check.Err == nil) != (c.address != "") || check.Err == nil && address != c.address ||
			check.Err == nil && OnlyHere(address) != c.onlyHere {
			t.Errorf("%+v for %s: %q, only here %v, %v; want %q, %v", c.flags, c.platform, address, OnlyHere(address),
				check.Err, c.address, c.onlyHere)
		}
	}
}

// TestTheStrongerSourceSaysWhoJoins: a token of the command line wins over a key of the environment and the other way
// round, within one source the token does, and half of a key is refused by the name of the half that is missing.
func TestTheStrongerSourceSaysWhoJoins(t *testing.T) {
	token, err := livekit.Key{Key: "k", Secret: strings.Repeat("s", 32)}.Mint("room", "me", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	all := livekit.Flags{ServerURL: "wss://host/", Token: token, APIKey: "key", APISecret: "secret"}
	for _, c := range []struct {
		token, key settings.Rank
		byToken    bool
	}{
		{settings.ByFlag, settings.ByEnvironment, true}, {settings.ByEnvironment, settings.ByFlag, false},
		{settings.ByDotEnv, settings.ByEnvironment, false}, {settings.ByFlag, settings.ByFlag, true},
	} {
		check := given(map[string]settings.Rank{"token": c.token, "api-key": c.key, "api-secret": c.key})
		place, _, named := LivekitGroup{all}.Place(check, bench.Runner, "")
		if check.Err != nil || !named || place.URL != "wss://host" || (place.Token != "") != c.byToken ||
			(place.Key != "") == c.byToken {
			t.Errorf("token by %v, key by %v: %v, by token %v, %v", c.token, c.key, place.URL, place.Token != "",
				check.Err)
		}
	}
	for missing, f := range map[string]livekit.Flags{
		"--api-secret": {ServerURL: "wss://host", APIKey: "key"},
		"--api-key":    {ServerURL: "wss://host", APISecret: "s"},
		"--token":      {ServerURL: "wss://host"}, "begins with wss": {ServerURL: "ftp://host", Token: token},
	} {
		check := given(nil)
		if (LivekitGroup{f}).Place(check, bench.Runner, ""); !strings.Contains(fmt.Sprint(check.Err), missing) {
			t.Errorf("%v, want %s", check.Err, missing)
		}
	}
}

// TestWhatCarriesThePings: audio has the distance of a voice's packets unless another is given, a channel that the
// platform has not is refused where a flag asks for it, and a variable that is there for another platform is not.
func TestWhatCarriesThePings(t *testing.T) {
	daily := daily.Platform
	for rank, refused := range map[settings.Rank]bool{settings.ByFlag: true, settings.ByEnvironment: false} {
		check := given(map[string]settings.Rank{"channel": rank})
		if got := (ChannelGroup{"lossy"}).Known(check, daily); got != "reliable" || (check.Err != nil) != refused {
			t.Errorf("lossy by %v: %q, %v", rank, got, check.Err)
		}
	}
	check := given(nil)
	if got := (ChannelGroup{"audio"}).Known(check, daily); got != "audio" || check.Err != nil {
		t.Errorf("%q, %v", got, check.Err)
	}
	for rank, want := range map[settings.Rank]time.Duration{
		settings.ByDefault: 20 * time.Millisecond, settings.ByEnvironment: time.Second,
	} {
		plan := bench.Plan{Cooldown: time.Second}
		PlanGroup{}.CarriedBy(given(map[string]settings.Rank{"cooldown": rank}), &plan, "audio", bench.Native)
		if plan.Class != bench.RTPAudio || plan.Cooldown != want {
			t.Errorf("a cooldown by %v: %v by %q, want %v", rank, plan.Cooldown, plan.Class, want)
		}
	}
}

// TestAPlaceIsWhole: half of a position, degrees that are none and a label without a value are refused, and who gives
// one name has both.
func TestAPlaceIsWhole(t *testing.T) {
	check := given(nil)
	p := PlaceGroup{Location: "fra", Lat: "50.1", Lon: "8.7", Label: []string{"region=eu"}}.Place(check)
	if check.Err != nil || p.Name != "fra" || p.Location != "fra" || *p.Lat != 50.1 || *p.Lon != 8.7 ||
		p.Labels["region"] != "eu" {
		t.Errorf("%+v, %v", p, check.Err)
	}
	for what, f := range map[string]PlaceGroup{
		"lat": {Name: "fra", Lat: "50"}, "lon": {Name: "fra", Lat: "50", Lon: "181"},
		"label": {Name: "fra", Label: []string{"eu"}}, "location": {Location: "two\nlines"},
	} {
		check := given(nil)
		if f.Place(check); !strings.Contains(fmt.Sprint(check.Err), "--"+what) {
			t.Errorf("%+v: %v, want a word on --%s", f, check.Err, what)
		}
	}
}
