package echo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Agent is an echo service as a runner sees it: ours, or that of the original tool.
type Agent struct {
	URL   string // of the service
	Token string // "" = none is shown; never in an error
}

const (
	agentFirstPause   = 250 * time.Millisecond // doubled each time, unless the service says how long
	agentLongestPause = 5 * time.Second
	maxInvitation     = 64 << 10
)

// Connect asks for a room on platform, again and again while the service starts or is full, until
// ctx ends. The other platform's part of the answer may be nil.
func (a Agent) Connect(ctx context.Context, platform string) (Invitation, error) {
	pause := agentFirstPause
	for {
		var in Invitation
		wait, err := a.call(ctx, "/connect", url.Values{"platform": {platform}}, nil, &in)
		if err == nil {
			return in, in.check(platform)
		}
		if wait < 0 || ctx.Err() != nil {
			return Invitation{}, fmt.Errorf("ask the echo service at %s for a room: %w", a.host(), err)
		}
		timer := time.NewTimer(min(max(wait, pause), agentLongestPause))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return Invitation{}, fmt.Errorf("ask the echo service at %s for a room: %w", a.host(), err)
		}
		pause *= 2
	}
}

func (in Invitation) check(platform string) error {
	missing := func(part string) error {
		return fmt.Errorf("the echo service gave a room without %s (is it for %s? rtcbench echo --platform %s)", part, platform, platform)
	}
	switch {
	case in.RoomID == "":
		return missing("an id")
	case platform != "livekit" && (in.Daily == nil || in.Daily.URL == ""):
		return missing("a Daily URL")
	case platform != "daily" && (in.Livekit == nil || in.Livekit.ServerURL == "" || in.Livekit.Token == ""):
		return missing("a LiveKit token")
	}
	return nil
}

// Disconnect ends a room. One that has ended already is no error.
func (a Agent) Disconnect(ctx context.Context, id string) error {
	body, err := json.Marshal(map[string]string{"room_id": id})
	if err != nil {
		return err
	}
	var refused *agentError
	if _, err = a.call(ctx, "/disconnect", nil, body, nil); errors.As(err, &refused) && refused.status == http.StatusNotFound {
		return nil
	}
	if err != nil {
		return fmt.Errorf("tell the echo service at %s that we left: %w", a.host(), err)
	}
	return nil
}

func (a Agent) host() string {
	if u, err := url.Parse(a.URL); err == nil {
		return u.Host
	}
	return "?"
}

// agentError is an answer that says no.
type agentError struct {
	status int
	detail string
}

func (e *agentError) Error() string {
	switch e.status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return fmt.Sprintf("it answers %d: give its token with --agent-token (RTCBENCH_AGENT_TOKEN)", e.status)
	case http.StatusNotFound:
		return "it answers 404: is --agent-url the address of an echo service?"
	}
	text := fmt.Sprintf("it answers %d", e.status)
	if e.detail != "" {
		text += ": " + e.detail
	}
	return text
}

// client follows no redirect: it could carry the token to another host.
var client = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// call makes one POST. wait < 0: another try is of no use; else it may be after so long.
func (a Agent) call(ctx context.Context, path string, query url.Values, body []byte, out any) (wait time.Duration, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimRight(a.URL, "/")+path, bytes.NewReader(body))
	if err != nil {
		return -1, errors.New("its URL is not one")
	}
	r.URL.RawQuery = query.Encode()
	r.Header.Set("User-Agent", "rtcbench")
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if a.Token != "" {
		r.Header.Set("Authorization", "Bearer "+a.Token)
	}
	answer, err := client.Do(r)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err
		}
		return 0, err // it may be starting
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(io.LimitReader(answer.Body, maxInvitation))
	if err != nil {
		return 0, err
	}
	if answer.StatusCode != http.StatusOK {
		var said struct {
			Detail any `json:"detail"`
		}
		json.Unmarshal(data, &said)
		detail, _ := said.Detail.(string)
		refused := &agentError{answer.StatusCode, a.harmless(detail)}
		switch answer.StatusCode {
		case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
			seconds, _ := strconv.Atoi(answer.Header.Get("Retry-After"))
			return time.Duration(max(0, seconds)) * time.Second, refused
		}
		return -1, refused
	}
	if out != nil {
		if err := json.Unmarshal(data, out); err != nil {
			return -1, errors.New("it does not answer as an echo service does: the answer is no JSON of that form")
		}
	}
	return 0, nil
}

// harmless is what a service said as one short line without the token.
func (a Agent) harmless(text string) string {
	if a.Token != "" {
		text = strings.ReplaceAll(text, a.Token, "…")
	}
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > 300 {
		text = strings.ToValidUTF8(text[:300], "") + "…"
	}
	return text
}
