package cli

import (
	"fmt"
	"strings"

	"rtcbench/internal/echo"
	"rtcbench/internal/measure"
	"rtcbench/internal/redact"
	"rtcbench/internal/settings"
)

// agentFlags name an echo service to ask for a room.
type agentFlags struct {
	AgentURL   string `name:"agent-url" from:"ECHO_AGENT_URL" group:"where" placeholder:"URL" help:"Echo service to ask for a room with an echo in it (rtcbench echo --listen, or the original's)."`
	AgentToken string `name:"agent-token" from:"RTCBENCH_AGENT_TOKEN" group:"where" placeholder:"TOKEN" help:"Its token, if it wants one."`
}

// asks reads which echo service gives the room; none, where none is named or a setting of more weight names a room.
// rivals are the values of the flags that do.
func (s *side) asks(c *settings.Check, f agentFlags, rivals map[string]string) {
	c.Given(map[string]string{"agent-url": f.AgentURL})
	if f.AgentURL == "" {
		if c.Rank("agent-token") == settings.ByFlag && c.Err == nil {
			c.Err = usagef("%s needs --%s: which service is it for?", c.Name("agent-token"), c.Flag("agent-url"))
		}
		return
	}
	for flag, value := range rivals {
		switch {
		case value == "" || c.Rank(flag) < c.Rank("agent-url"):
		case c.Rank(flag) > c.Rank("agent-url"):
			return
		case c.Rank(flag) == settings.ByFlag && c.Err == nil:
			c.Err = usagef("%s and %s both say where to meet; give one of them", c.Name("agent-url"), c.Name(flag))
		}
	}
	token := c.Flag("agent-token")
	s.job.Service = measure.Service{Client: echo.Client{
		URL: redact.URL(c.ServerURL("agent-url", f.AgentURL, "https", "http")), Token: strings.TrimSpace(f.AgentToken),
	}}
	s.service = c.Name("agent-url")
	s.tokenFor = fmt.Sprintf("--%s (RTCBENCH_%s)", token, strings.ToUpper(strings.ReplaceAll(token, "-", "_")))
}
