package cli

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"rtcbench/bench"
	"rtcbench/internal/measure"
	"rtcbench/internal/platform/daily"
	"rtcbench/internal/redact"
	"rtcbench/internal/settings"
)

// dailyFlags are those of a Daily room.
type dailyFlags struct{ daily.Flags }

type dailyCmd struct {
	dailyFlags
	agentFlags
	Timeout string `short:"t" from:"TIMEOUT_MS" group:"what" default:"5000" placeholder:"5000" help:"Milliseconds after which a pong is too late."`
	planFlags
	channelFlag
	Echo string `from:"RTCBENCH_ECHO" group:"where" enum:"auto,local,remote" default:"auto" placeholder:"auto" help:"Who answers: local (a second page of this browser), remote, or auto: local in a room of our own making."`
	chromeFlags

	keepFlags
}

// Help is shown by --help below the flags' summary.
func (dailyCmd) Help() string {
	return `Daily's own JavaScript SDK joins the room in a Chromium without a window, and sends app-messages, which ` +
		`Daily carries on its signalling WebSocket, or, with --channel audio, packets of an audio track that sounds ` +
		`like silence. Video is off.

Examples:

  rtcbench daily --api-key KEY --geo eu-central-1
      a room for this run, from here to Daily and back; removed at the end

  rtcbench daily --channel audio --api-key KEY
      what the packets of a voice meet: pings in an audio track, one every 20 ms

  rtcbench daily -r https://my.daily.co/bench -n 600 -o result.json
      to whoever answers in that room

  rtcbench daily --agent-url https://echo.example.com --agent-token TOKEN
      to an echo far away, in a room that its service makes for this run

  rtcbench daily -r https://my.daily.co/bench --echo local
      answer from a second seat in that room, which is public`
}

// Run measures.
func (cmd *dailyCmd) Run(a *app) error { return a.measure(cmd) }

// chrome implements measuring.
func (cmd *dailyCmd) chrome() chromeFlags { return cmd.chromeFlags }

// sides implements measuring.
func (cmd *dailyCmd) sides(c *settings.Check) []side {
	plan := cmd.plan(c, cmd.Timeout)
	cmd.carriedBy(c, &plan, cmd.known(c))
	most := daily.Platform.MaxMessage
	if plan.PayloadBytes > most {
		c.Fail("payload", cmd.Payload, fmt.Sprintf("at most %d: Daily takes no longer app-message", most))
	}
	s := cmd.side(c)
	s.job.Plan, s.job.Within, s.job.Location = plan, cmd.connectTimeout(c, true), cmd.Location
	return []side{s}
}

// side reads where to meet.
func (cmd *dailyCmd) side(c *settings.Check) (s side) {
	f := cmd.dailyFlags
	s.job = measure.Job{Platform: daily.Platform.Name, Engine: bench.Browser}
	s.doubts = f.doubts()
	if f.Geo != "" && !region.MatchString(f.Geo) {
		c.Fail("geo", f.Geo, "the name of a region, as "+strings.Join(daily.Regions, ", "))
	}
	for flag, value := range map[string]*string{"daily-bundle-url": &f.BundleURL, "daily-api-url": &f.APIURL} {
		if *value != "" {
			*value = c.ServerURL(flag, *value, "https", "http")
		}
	}
	if u, err := url.Parse(f.APIURL); err == nil && u.Scheme == "http" && c.Err == nil &&
		!settings.OnThisMachine(u.Hostname()) {
		c.Err = usagef("%s %s: the API key would travel in clear; use https, or a proxy on this machine",
			c.Name("daily-api-url"), redact.URL(f.APIURL))
	}
	c.Given(map[string]string{"room-url": f.RoomURL, "token": f.Token, "api-key": f.APIKey})
	s.asks(c, cmd.agentFlags, map[string]string{"room-url": f.RoomURL, "api-key": f.APIKey})
	if s.job.Service.Named() {
		s.job.Place = bench.Place{Bundle: f.BundleURL, API: f.APIURL}
		if cmd.Echo == "local" && c.Err == nil {
			c.Err = usagef("%s local: the echo service answers; leave out --echo, or %s", c.Name("echo"),
				c.Name("agent-url"))
		}
		return s
	}
	s.noEcho = " (is an echo in that room? --echo local answers from here)"
	// The stronger source wins; within one source the room does.
	switch {
	case f.RoomURL != "" && (f.APIKey == "" || c.Rank("room-url") >= c.Rank("api-key")):
		s.job.Place, s.job.Local = f.named(c), cmd.Echo == "local"
		if s.job.Local && s.job.Place.Token != "" && c.Err == nil {
			c.Err = usagef("%s local: a token is one participant, and the echo is a second; give --api-key alone, or "+
				"start rtcbench echo", c.Name("echo"))
		}
	case f.APIKey != "":
		s.job.Place = bench.Place{Key: f.APIKey, Region: f.Geo, API: f.APIURL, Bundle: f.BundleURL}
		s.job.Local = cmd.Echo != "remote"
		if cmd.Echo == "remote" && c.Err == nil {
			c.Err = usagef("%s remote: a fresh room has no echo in it; name its room with --room-url", c.Name("echo"))
		}
	default:
		if c.Err == nil {
			c.Err = usagef("which room? give --room-url (or DAILY_ROOM_URL), or --api-key (or DAILY_API_KEY) to " +
				"have one made")
		}
	}
	return s
}

// named is the room of --room-url. Daily's links may carry the token.
func (f dailyFlags) named(c *settings.Check) bench.Place {
	place := bench.Place{URL: c.ServerURL("room-url", f.RoomURL, "https", "http"), Token: f.Token, API: f.APIURL,
		Bundle: f.BundleURL}
	if u, err := url.Parse(place.URL); c.Err == nil && err == nil {
		if strings.Trim(u.Path, "/") == "" {
			c.FailAs("room-url", strconv.Quote(redact.URL(place.URL)), "the URL of a room, as "+
				"https://domain.daily.co/room")
		}
		if t := u.Query().Get("t"); place.Token == "" {
			place.Token = t
		}
		place.URL = redact.URL(place.URL)
	}
	if f.Geo != "" && c.Err == nil {
		c.Err = usagef("%s %s: the region belongs to a room that is made; leave out --room-url, or --geo",
			c.Name("geo"), f.Geo)
	}
	return place
}

// region is what a region's name can look like.
var region = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)

// doubts are of a region that may not be one: the list is of one day, and Daily's answer decides.
func (f dailyFlags) doubts() []string {
	if f.Geo == "" || slices.Contains(daily.Regions, f.Geo) {
		return nil
	}
	return []string{fmt.Sprintf("--geo %s is not among the regions that rtcbench knows of (%s); Daily decides", f.Geo,
		strings.Join(daily.Regions, ", "))}
}
