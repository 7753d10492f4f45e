package flags

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"rtcbench/bench"
	"rtcbench/internal/platform/daily"
	"rtcbench/internal/redact"
	"rtcbench/internal/settings"
)

// DailyGroup are the flags that name a Daily room.
type DailyGroup struct{ daily.Flags }

// Check finds out whether the region and the addresses can be valid, and stores in f the addresses as they are meant.
func (f *DailyGroup) Check(c *settings.Check) {
	if f.Geo != "" && !Region.MatchString(f.Geo) {
		c.Fail("geo", f.Geo, "the name of a region, as "+strings.Join(daily.Regions, ", "))
	}
	for flag, value := range map[string]*string{"daily-bundle-url": &f.BundleURL, "daily-api-url": &f.APIURL} {
		if *value != "" {
			*value = c.ServerURL(flag, *value, "https", "http")
		}
	}
	if u, err := url.Parse(f.APIURL); err == nil && u.Scheme == "http" && c.Err == nil &&
		!settings.OnThisMachine(u.Hostname()) {
		c.Err = settings.Usagef("%s %s: the API key would travel in clear; use https, or a proxy on this machine",
			c.Name("daily-api-url"), redact.URL(f.APIURL))
	}
}

// Named is the room of --room-url. Daily's links may carry a token, which must allow what is measured in the room.
func (f DailyGroup) Named(c *settings.Check, class bench.TransportClass) bench.Place {
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
	if refused := daily.Refuses(place.Token, class); refused != "" && c.Err == nil {
		name := c.Name("token")
		if f.Token == "" {
			name = "the token of " + c.Name("room-url")
		}
		c.Err = settings.Usagef("%s cannot be used: %s", name, refused)
	}
	if f.Geo != "" && c.Err == nil {
		c.Err = settings.Usagef("%s %s: the region belongs to a room that is made; leave out --room-url, or --geo",
			c.Name("geo"), f.Geo)
	}
	return place
}

// Place is where to meet. local says whether this program answers there itself; who is local, remote or auto. The
// setting from the stronger source wins; within one source the room wins.
func (f DailyGroup) Place(c *settings.Check, class bench.TransportClass, who string) (place bench.Place,
	local bool) {
	switch {
	case f.RoomURL != "" && (f.APIKey == "" || c.Rank("room-url") >= c.Rank("api-key")):
		place, local = f.Named(c, class), who == "local"
		if local && place.Token != "" && c.Err == nil {
			c.Err = settings.Usagef("%s local: a token is one participant, and the echo is a second; give --api-key "+
				"alone, or start rtcbench echo", c.Name("echo"))
		}
	case f.APIKey != "":
		place = bench.Place{Key: f.APIKey, Region: f.Geo, API: f.APIURL, Bundle: f.BundleURL}
		local = who != "remote"
		if !local && c.Err == nil {
			c.Err = settings.Usagef("%s remote: a fresh room has no echo in it; name its room with --room-url",
				c.Name("echo"))
		}
	case c.Err == nil:
		c.Err = settings.Usagef("which room? give --room-url (or DAILY_ROOM_URL), or --api-key (or DAILY_API_KEY) to " +
			"have one made")
	}
	return place, local
}

// Region matches what the name of a region can look like.
var Region = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)

// Doubts are warnings about a region that Daily may not have. The list of regions is of one day, so Daily's answer
// decides.
func (f DailyGroup) Doubts() []string {
	if f.Geo == "" || slices.Contains(daily.Regions, f.Geo) {
		return nil
	}
	return []string{fmt.Sprintf("--geo %s is not among the regions that rtcbench knows of (%s); Daily decides", f.Geo,
		strings.Join(daily.Regions, ", "))}
}
