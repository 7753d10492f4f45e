package flags

import (
	"strings"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/platform/livekit"
	"rtcbench/internal/redact"
	"rtcbench/internal/settings"
)

// LivekitGroup are the flags that name a LiveKit room.
type LivekitGroup struct{ livekit.Flags }

// Place reads from the flags where to meet. doubts are warnings about the token. hasServer is false when no server is
// named.
func (f LivekitGroup) Place(c *settings.Check, role bench.Role, class bench.TransportClass) (s bench.Place,
	doubts []string, hasServer bool) {
	s.Room = c.Label("room", f.Room, 256)
	c.Given(map[string]string{"server-url": f.ServerURL, "token": f.Token, "api-key": f.APIKey,
		"api-secret": f.APISecret})
	if f.ServerURL == "" {
		for _, flag := range []string{"token", "api-key", "api-secret"} {
			if c.Rank(flag) == settings.ByFlag && c.Err == nil {
				c.Err = settings.Usagef("--%s needs --server-url (or LIVEKIT_URL): which server is it for?", flag)
			}
		}
		return s, nil, false
	}
	s.URL = strings.TrimRight(redact.URL(c.ServerURL("server-url", f.ServerURL, livekit.Schemes...)), "/")
	hasKey := f.APIKey != "" && f.APISecret != ""
	// The setting from the stronger source wins; within one source the token wins.
	useToken := f.Token != "" && c.Rank("token") >= max(c.Rank("api-key"), c.Rank("api-secret"))
	switch {
	case c.Err != nil:
	case useToken:
		s.Token = f.Token
		refused, odd := livekit.Read(f.Token, role, class, time.Now())
		for _, doubt := range odd {
			doubts = append(doubts, c.Name("token")+" looks wrong: "+doubt+"; trying it all the same")
		}
		if refused != "" {
			c.Err = settings.Usagef("%s cannot be used: %s", c.Name("token"), refused)
		}
		if f.Room != "" && c.Rank("room") == settings.ByFlag {
			c.Err = settings.Usagef("--room %s: the token already names its room; leave out --room, or give --api-key "+
				"and --api-secret", settings.ShownName(f.Room))
		}
		s.Room = ""
	case hasKey:
		s.Key, s.Secret = f.APIKey, f.APISecret
	case f.APIKey != "" || f.APISecret != "":
		missing := "--api-secret (or LIVEKIT_API_SECRET)"
		if f.APIKey == "" {
			missing = "--api-key (or LIVEKIT_API_KEY)"
		}
		c.Err = settings.Usagef("%s is missing: an API key and its secret go together", missing)
	default:
		c.Err = settings.Usagef("%s %s: give --token (or LIVEKIT_TOKEN), or --api-key and --api-secret "+
			"(LIVEKIT_API_KEY, LIVEKIT_API_SECRET)", c.Name("server-url"), redact.URL(f.ServerURL))
	}
	return s, doubts, true
}
