package flags

import (
	"net/url"

	"rtcbench/bench"
	"rtcbench/internal/settings"
)

// OtherGroup are the fields of a bench.Place as flags, for a platform that has no flags of its own.
type OtherGroup struct {
	URL       string `name:"url" short:"u" group:"where" placeholder:"URL" help:"Server, or room."`
	Room      string `group:"where" placeholder:"NAME" help:"Room to meet in (default: a fresh one)."`
	Token     string `group:"where" placeholder:"TOKEN" help:"The right to one seat in one room."`
	APIKey    string `name:"api-key" group:"where" placeholder:"KEY" help:"API key to make rooms and tokens with."`
	APISecret string `name:"api-secret" group:"where" placeholder:"SECRET" help:"Its secret."`
	Region    string `group:"where" placeholder:"REGION" help:"Region of a room that is made."`
	APIURL    string `name:"api-url" group:"where" placeholder:"URL" help:"The platform's REST interface, where it is not the public one."`
}

// Place reads where to meet.
func (f OtherGroup) Place(c *settings.Check) bench.Place {
	if u, err := url.Parse(f.URL); f.URL != "" && (err != nil || u.Scheme == "" || u.Host == "") {
		c.FailAs("url", settings.ShownAddress(f.URL), "a URL, as wss://host")
	}
	if f.APIURL != "" {
		c.ServerURL("api-url", f.APIURL, "https", "http")
	}
	if f.Region != "" && !Region.MatchString(f.Region) {
		c.Fail("region", f.Region, "the name of a region")
	}
	c.Given(map[string]string{"url": f.URL, "token": f.Token, "api-key": f.APIKey, "api-secret": f.APISecret})
	return bench.Place{URL: f.URL, Room: c.Label("room", f.Room, 256), Token: f.Token, Key: f.APIKey,
		Secret: f.APISecret, Region: f.Region, API: f.APIURL}
}

// Rivals are the values of the flags that name a room, and so compete with an echo service.
func (f OtherGroup) Rivals() map[string]string {
	return map[string]string{"url": f.URL, "token": f.Token, "api-key": f.APIKey}
}
