package flags

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"rtcbench/internal/advice"
	"rtcbench/internal/echo"
	"rtcbench/internal/measure"
	"rtcbench/internal/platform/daily"
	"rtcbench/internal/redact"
	"rtcbench/internal/settings"
)

// ServiceGroup are the flags that name an echo service to ask for a room.
type ServiceGroup struct {
	AgentURL   string `name:"agent-url" from:"ECHO_AGENT_URL" group:"where" placeholder:"URL" help:"Echo service to ask for a room with an echo in it (rtcbench echo --listen, or the original's)."`
	AgentToken string `name:"agent-token" from:"RTCBENCH_AGENT_TOKEN" group:"where" placeholder:"TOKEN" help:"Its token, if it wants one."`
}

// PairGroup are the flags that name one echo service for two platforms, or one service for each.
type PairGroup struct {
	ServiceGroup
	DailyAgentURL     string `name:"daily-agent-url" from:"DAILY_AGENT_URL" group:"where" placeholder:"URL" help:"Echo service to ask for the Daily room, where each platform has its own."`
	DailyAgentToken   string `name:"daily-agent-token" from:"RTCBENCH_DAILY_AGENT_TOKEN" group:"where" placeholder:"TOKEN" help:"Its token, if it wants one."`
	LivekitAgentURL   string `name:"livekit-agent-url" from:"LIVEKIT_AGENT_URL" group:"where" placeholder:"URL" help:"Echo service to ask for the LiveKit room."`
	LivekitAgentToken string `name:"livekit-agent-token" from:"RTCBENCH_LIVEKIT_AGENT_TOKEN" group:"where" placeholder:"TOKEN" help:"Its token, if it wants one."`
}

// Of is the echo service of one platform. A service named for this platform alone is taken, unless the service for both
// platforms comes from a stronger source. If it is taken, Of puts the names of its flags into names.
func (f PairGroup) Of(s *settings.Sources, platform string, names map[string]string) ServiceGroup {
	own := ServiceGroup{AgentURL: f.LivekitAgentURL, AgentToken: f.LivekitAgentToken}
	if platform == daily.Platform.Name {
		own = ServiceGroup{AgentURL: f.DailyAgentURL, AgentToken: f.DailyAgentToken}
	}
	url, token := platform+"-agent-url", platform+"-agent-token"
	named := own.AgentURL != "" || s.Rank(url) == settings.ByFlag || s.Rank(token) == settings.ByFlag
	if !named || s.Rank("agent-url") > s.Rank(url) {
		return f.ServiceGroup
	}
	names["agent-url"], names["agent-token"] = url, token
	return own
}

// Service is the echo service that gives the room, with what an error about it names.
type Service struct {
	measure.Service
	Flag     string // where its URL stands
	TokenFor string // the flag and the variable of its token
}

// of is f, or the service that a variable names for one platform alone (LIVEKIT_AGENT_URL), as the original's variables
// do. The variable counts where its source is no weaker than that of f. The token of one service is never shown to
// another.
func (f ServiceGroup) of(c *settings.Check, platform string) ServiceGroup {
	name := strings.ToUpper(platform) + "_AGENT_"
	own, from, err := c.Find(name + "URL")
	if c.Err == nil {
		c.Err = err
	}
	if own == "" || from.Rank < c.Rank("agent-url") {
		return f
	}
	token := c.Variable("RTCBENCH_" + name + "TOKEN")
	if token == "" && (f.AgentURL == "" || c.Rank("agent-token") == settings.ByFlag) {
		token = f.AgentToken
	}
	c.Note(c.Flag("agent-url"), from)
	return ServiceGroup{AgentURL: own, AgentToken: token}
}

// Service reads which echo service gives the room of a platform. There is none where no service is named, or where a
// setting from a stronger source names a room. rivals are the values of the flags that name a room.
func (f ServiceGroup) Service(c *settings.Check, platform string, rivals map[string]string) (s Service) {
	c.Given(map[string]string{"agent-url": f.AgentURL})
	f = f.of(c, platform)
	if f.AgentURL == "" {
		if c.Rank("agent-token") == settings.ByFlag && c.Err == nil {
			c.Err = settings.Usagef("%s needs --%s: which service is it for?", c.Name("agent-token"),
				c.Flag("agent-url"))
		}
		return s
	}
	for flag, value := range rivals {
		switch {
		case value == "" || c.Rank(flag) < c.Rank("agent-url"):
		case c.Rank(flag) > c.Rank("agent-url"):
			return s
		case c.Rank(flag) == settings.ByFlag && c.Err == nil:
			c.Err = settings.Usagef("%s and %s both say where to meet; give one of them", c.Name("agent-url"),
				c.Name(flag))
		}
	}
	token := c.Flag("agent-token")
	s.Client = echo.Client{URL: redact.URL(c.ServerURL("agent-url", f.AgentURL, "https", "http")),
		Token: strings.TrimSpace(f.AgentToken)}
	s.Flag = c.Name("agent-url")
	s.TokenFor = fmt.Sprintf("--%s (RTCBENCH_%s)", token, strings.ToUpper(strings.ReplaceAll(token, "-", "_")))
	return s
}

// Hinted is an error of the service, with the setting that named the service and a way out.
func (s Service) Hinted(err *measure.ServiceError) error {
	hint := advice.Of(err)
	var refused *echo.RefusedError
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		hint = fmt.Sprintf(" (after %v; --connect-timeout waits longer)", err.Limit)
	case !errors.As(err, &refused):
	case refused.Status == http.StatusUnauthorized && !refused.Answer.Foreign():
		hint = ": give its token with " + s.TokenFor
	case refused.Detail != "" && refused.Status != http.StatusNotFound && refused.Status != http.StatusMethodNotAllowed:
		hint = "" // the service has said it
	}
	return fmt.Errorf("%s: %w%s", s.Flag, err, hint)
}
