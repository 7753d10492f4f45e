package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"rtcbench/internal/advice"
	"rtcbench/internal/echo"
	"rtcbench/internal/platform/livekit"
	"rtcbench/internal/result"
)

// agentFlags name an echo service to ask for a room.
type agentFlags struct {
	AgentURL   string `name:"agent-url" from:"ECHO_AGENT_URL" group:"where" placeholder:"URL" help:"Echo service to ask for a room with an echo in it (rtcbench echo --listen, or the original's)."`
	AgentToken string `name:"agent-token" from:"RTCBENCH_AGENT_TOKEN" group:"where" placeholder:"TOKEN" help:"Its token, if it wants one."`
}

// service is an echo service to ask for rooms.
type service struct {
	echo.Agent
	from     string // where its URL stands
	tokenFor string // the flag and the variable of its token
}

// service is the one to ask; nil = none is named, or a setting of more weight names a room. rivals are
// the values of the flags that do.
func (f agentFlags) service(c *check, rivals map[string]string) *service {
	c.given(map[string]string{"agent-url": f.AgentURL})
	if f.AgentURL == "" {
		if c.rank("agent-token") == byFlag && c.err == nil {
			c.err = usagef("%s needs --%s: which service is it for?", c.name("agent-token"), c.flag("agent-url"))
		}
		return nil
	}
	for flag, value := range rivals {
		switch {
		case value == "" || c.rank(flag) < c.rank("agent-url"):
		case c.rank(flag) > c.rank("agent-url"):
			return nil
		case c.rank(flag) == byFlag && c.err == nil:
			c.err = usagef("%s and %s both say where to meet; give one of them", c.name("agent-url"), c.name(flag))
		}
	}
	token := c.flag("agent-token")
	return &service{
		Agent:    echo.Agent{URL: result.CleanURL(c.serverURL("agent-url", f.AgentURL, "https", "http")), Token: strings.TrimSpace(f.AgentToken)},
		from:     c.name("agent-url"),
		tokenFor: fmt.Sprintf("--%s (RTCBENCH_%s)", token, strings.ToUpper(strings.ReplaceAll(token, "-", "_"))),
	}
}

// explain names the setting that an error comes from, and a way out.
func (s *service) explain(err error, within time.Duration) error {
	hint := advice.Of(err)
	var refused *echo.RefusedError
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		hint = fmt.Sprintf(" (after %v; --connect-timeout waits longer)", within)
	case !errors.As(err, &refused):
	case refused.Status == http.StatusUnauthorized && !refused.Answer.Proxy:
		hint = ": give its token with " + s.tokenFor
	case refused.Detail != "" && refused.Status != http.StatusNotFound && refused.Status != http.StatusMethodNotAllowed:
		hint = "" // the service has said it
	}
	return fmt.Errorf("%s: %w%s", s.from, err, hint)
}

// leaveTimeout bounds the goodbye to an echo service, which happens also after an error or Ctrl-C.
const leaveTimeout = 10 * time.Second

// enter asks a service for a room. leave tells it that the room is not needed any more, and has to be called; what did
// not work then is said on w: the room ends by itself.
func enter(ctx context.Context, w io.Writer, from *service, platform string, within time.Duration) (in echo.Invitation, leave func(), err error) {
	asking, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	if in, err = from.Connect(asking, platform); err != nil {
		err = from.explain(err, within)
	}
	leave = func() {
		if in.RoomID == "" {
			return
		}
		bye, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveTimeout)
		defer cancel()
		if err := from.Disconnect(bye, in.RoomID); err != nil {
			fmt.Fprintf(w, "rtcbench: %v; the room ends by itself\n", err)
		}
	}
	if err == nil && in.Livekit != nil {
		u, e := url.Parse(in.Livekit.ServerURL)
		if e != nil || u.Host == "" || !slices.Contains(livekitSchemes, u.Scheme) {
			err = fmt.Errorf("%s: the echo service gave %.80q as LiveKit's URL: that is none", from.from, result.CleanURL(in.Livekit.ServerURL))
		}
	}
	if err == nil && in.Livekit != nil {
		if refused, _ := livekit.Read(in.Livekit.Token, time.Now()); refused != "" {
			err = fmt.Errorf("the echo service gave a LiveKit token that cannot be used: %s", refused)
		}
	}
	if err != nil {
		leave()
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return in, func() {}, err
	}
	return in, leave, nil
}

// limit is --connect-timeout. Asking for a room and joining it have one limit, and an error names that one, not what was
// left of it.
type limit struct {
	within time.Duration
	began  time.Time // zero = with the join
}

// on bounds ctx.
func (l limit) on(ctx context.Context) (context.Context, context.CancelFunc) {
	if l.began.IsZero() {
		return context.WithTimeout(ctx, l.within)
	}
	return context.WithDeadline(ctx, l.began.Add(l.within))
}
