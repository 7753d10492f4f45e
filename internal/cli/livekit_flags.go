package cli

import (
	"strings"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/platform/livekit"
	"rtcbench/internal/redact"
)

// livekitFlags say which server and which room, and with what right.
type livekitFlags struct {
	ServerURL string `short:"s" from:"LIVEKIT_URL" group:"where" placeholder:"URL" help:"LiveKit server, as wss://host."`
	Token     string `short:"t" from:"LIVEKIT_TOKEN" group:"where" placeholder:"JWT" help:"Access token: one room, one participant."`
	APIKey    string `name:"api-key" from:"LIVEKIT_API_KEY" group:"where" placeholder:"KEY" help:"API key to make tokens with."`
	APISecret string `name:"api-secret" from:"LIVEKIT_API_SECRET" group:"where" placeholder:"SECRET" help:"Its secret."`
	Room      string `from:"RTCBENCH_ROOM" group:"where" placeholder:"NAME" help:"Room to meet in, with an API key (default: a fresh one)."`
}

// place reads the flags that say where; doubts are about the token. hasServer is false when none is named.
func (f *livekitFlags) place(c *check) (s bench.Place, doubts []string, hasServer bool) {
	s.Room = c.label("room", f.Room, 256)
	c.given(map[string]string{"server-url": f.ServerURL, "token": f.Token, "api-key": f.APIKey, "api-secret": f.APISecret})
	if f.ServerURL == "" {
		for _, flag := range []string{"token", "api-key", "api-secret"} {
			if c.rank(flag) == byFlag && c.err == nil {
				c.err = usagef("--%s needs --server-url (or LIVEKIT_URL): which server is it for?", flag)
			}
		}
		return s, nil, false
	}
	s.URL = strings.TrimRight(redact.URL(c.serverURL("server-url", f.ServerURL, livekit.Schemes...)), "/")
	hasKey := f.APIKey != "" && f.APISecret != ""
	// The stronger source wins; within one source the token does.
	useToken := f.Token != "" && c.rank("token") >= max(c.rank("api-key"), c.rank("api-secret"))
	switch {
	case c.err != nil:
	case useToken:
		s.Token = f.Token
		refused, odd := livekit.Read(f.Token, time.Now())
		for _, doubt := range odd {
			doubts = append(doubts, c.name("token")+" looks wrong: "+doubt+"; trying it all the same")
		}
		if refused != "" {
			c.err = usagef("%s cannot be used: %s", c.name("token"), refused)
		}
		if f.Room != "" && c.rank("room") == byFlag {
			c.err = usagef("--room %s: the token already names its room; leave out --room, or give --api-key and --api-secret", shownName(f.Room))
		}
		s.Room = ""
	case hasKey:
		s.Key, s.Secret = f.APIKey, f.APISecret
	case f.APIKey != "" || f.APISecret != "":
		missing := "--api-secret (or LIVEKIT_API_SECRET)"
		if f.APIKey == "" {
			missing = "--api-key (or LIVEKIT_API_KEY)"
		}
		c.err = usagef("%s is missing: an API key and its secret go together", missing)
	default:
		c.err = usagef("%s %s: give --token (or LIVEKIT_TOKEN), or --api-key and --api-secret (LIVEKIT_API_KEY, LIVEKIT_API_SECRET)", c.name("server-url"), redact.URL(f.ServerURL))
	}
	return s, doubts, true
}
