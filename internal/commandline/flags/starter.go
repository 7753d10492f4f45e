package flags

import (
	"encoding/json"
	"net/url"

	"rtcbench/bench"
	"rtcbench/internal/settings"
)

// StarterGroup are the flags that name a starter of agents.
type StarterGroup struct {
	StartURL   string `from:"RTCBENCH_TURN_START_URL" group:"where" placeholder:"URL" help:"Starter of an agent, which is asked by POST for a room with the agent in it, once for each call."`
	StartToken string `from:"RTCBENCH_TURN_START_TOKEN" group:"where" placeholder:"KEY" help:"Key that the starter wants, as a bearer token."`
	StartBody  string `from:"RTCBENCH_TURN_START_BODY" group:"where" placeholder:"JSON" help:"What the starter is told, as a JSON object (default: {\"createDailyRoom\": true})."`
}

// Starter is the service that makes the room and starts the agent. Its key is not sent over an unencrypted connection.
func (f StarterGroup) Starter(c *settings.Check) bench.Starter {
	s := bench.Starter{URL: c.ServerURL("start-url", f.StartURL, "https", "http"), Token: f.StartToken,
		Order: f.StartBody}
	var order map[string]any
	if s.Order != "" && (json.Unmarshal([]byte(s.Order), &order) != nil || order == nil) && c.Err == nil {
		c.FailAs("start-body", settings.Hidden(s.Order), `a JSON object, as {"createDailyRoom": true}`)
	}
	if u, err := url.Parse(s.URL); err == nil && u.Scheme == "http" && c.Err == nil &&
		!settings.OnThisMachine(u.Hostname()) {
		c.Err = settings.Usagef("%s %s: the order, and the key, would travel in clear; use https, or a starter on "+
			"this machine", c.Name("start-url"), settings.ShownURL(s.URL))
	}
	return s
}
