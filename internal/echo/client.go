package echo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/advice"
	"rtcbench/internal/redact"
)

// Client asks an echo service for rooms, as a runner does. The service may be ours or that of the original tool.
type Client struct {
	URL   string // of the service
	Token string // "" = none is shown; never in an error
}

const (
	askFirstPause   = 250 * time.Millisecond // doubled each time, unless the service says how long
	askLongestPause = 5 * time.Second
	byeTimeout      = 5 * time.Second // for giving back a room that is of no use
	maxInvitation   = 64 << 10
)

// Connect asks for a room for pings of a class on each of platforms. It repeats the request while the service starts or
// is full, until ctx ends. A room that was made and cannot be used, because the answer is not understood, is given
// back.
func (c Client) Connect(ctx context.Context, class bench.TransportClass, platforms ...string) (Invitation, error) {
	pause := askFirstPause
	for {
		in, wait, err := c.connect(ctx, class, platforms)
		if err == nil {
			return in, nil
		}
		if wait < 0 || ctx.Err() != nil {
			return Invitation{}, fmt.Errorf("ask the echo service at %s for a room: %w", c.host(), err)
		}
		timer := time.NewTimer(min(max(wait, pause), askLongestPause))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return Invitation{}, fmt.Errorf("ask the echo service at %s for a room: %w", c.host(), err)
		}
		pause *= 2
	}
}

// connect asks once; wait is as in call.
func (c Client) connect(ctx context.Context, class bench.TransportClass, platforms []string) (in Invitation,
	wait time.Duration, err error) {
	query := url.Values{"platform": {ask(platforms)}}
	if class == bench.RTPAudio { // the token must allow audio; a request for messages stays as it was
		query.Set("channel", class.Channel())
	}
	data, wait, err := c.call(ctx, "/connect", query, nil)
	if err == nil {
		wait = -1
		if err = json.Unmarshal(data, &in); err != nil {
			err = fmt.Errorf("it does not answer as an echo service does: %s", notAnInvitation(err))
		} else {
			err = in.check(platforms)
		}
	}
	if id := roomID(data); err != nil && id != nil {
		bye, cancel := bench.Farewell(ctx, byeTimeout)
		defer cancel()
		if e := c.disconnect(bye, id); e != nil {
			err = fmt.Errorf("%w; %w; the room ends by itself", err, e)
		}
	}
	return in, wait, err
}

// notAnInvitation says what is wrong with an answer, without showing what is in it: there may be a token.
func notAnInvitation(err error) string {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) && wrong.Field != "" {
		return fmt.Sprintf("%s is of another kind (%s)", wrong.Field, strings.Fields(wrong.Value)[0])
	}
	return "the answer is no JSON of that form"
}

// named matches the id of a room in an answer, whatever else the answer consists of.
var named = regexp.MustCompile(`"room_id"\s*:\s*("(?:[^"\\]|\\.)+"|-?[0-9][-+.0-9eE]*)`)

// roomID finds the id of the room that an answer names, in the form in which it stands there; nil = the answer names
// none. The answer may be cut off, of another form, or no JSON.
func roomID(data []byte) json.RawMessage {
	if found := named.FindSubmatch(data); found != nil && json.Valid(found[1]) {
		return found[1]
	}
	return nil
}

// Disconnect ends a room. A room that has ended already is no error.
func (c Client) Disconnect(ctx context.Context, id string) error {
	raw, err := json.Marshal(id)
	if err != nil {
		return err
	}
	return c.disconnect(ctx, raw)
}

// disconnect ends a room whose id is of any kind.
func (c Client) disconnect(ctx context.Context, id json.RawMessage) error {
	data, _, err := c.call(ctx, "/disconnect", nil, fmt.Appendf(nil, `{"room_id":%s}`, id))
	var refused *RefusedError
	if errors.As(err, &refused) && refused.Status == http.StatusNotFound && refused.Detail != "" {
		return nil // only a service says so: the room has ended already
	}
	var said struct{ Status string }
	if err == nil && (json.Unmarshal(data, &said) != nil || said.Status != "success") {
		err = errors.New("it does not answer as an echo service does")
	}
	if err != nil {
		return fmt.Errorf("tell the echo service at %s that we left: %w", c.host(), err)
	}
	return nil
}

func (c Client) host() string {
	if u, err := url.Parse(c.URL); err == nil {
		return u.Host
	}
	return "?"
}

// RefusedError is an answer that says no: from a service, or from somebody else in its place.
type RefusedError struct {
	Status int
	Detail string          // what a service says of it, on one line, or ""
	Answer *advice.Refused // whose answer it is, and what it means
}

// Error is the status and what is said of it.
func (e *RefusedError) Error() string {
	switch {
	case e.Detail != "":
		return fmt.Sprintf("it answers %d: %s", e.Status, e.Detail)
	case e.Status == http.StatusUnauthorized && !e.Answer.Foreign(): // how to show a token is the caller's to say
		return fmt.Sprintf("it answers %d", e.Status)
	}
	return fmt.Sprintf("it answers %v", e.Answer)
}

// Unwrap is the answer.
func (e *RefusedError) Unwrap() error { return e.Answer }

// client follows no redirect: it could carry the token to another host.
var client = &http.Client{Transport: advice.Guarded(advice.Transport()), CheckRedirect: advice.NoRedirect}

// call makes one POST. wait is how long to wait before another try; wait < 0 = another try is of no use. data is what
// came of an answer, also with an error.
func (c Client) call(ctx context.Context, path string, query url.Values, body []byte) (data []byte, wait time.Duration,
	err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimRight(c.URL, "/")+path,
		bytes.NewReader(body))
	if err != nil {
		return nil, -1, errors.New("its URL is not one")
	}
	r.URL.RawQuery = query.Encode()
	r.Header.Set("User-Agent", userAgent)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if c.Token != "" {
		r.Header.Set("Authorization", "Bearer "+c.Token)
	}
	var steps advice.Steps
	answer, err := client.Do(
		r.WithContext(steps.Traced(ctx, r.URL.Scheme == "https", bench.StepAnswer, bench.StepRest)))
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err
		}
		switch ctx.Err() {
		case nil:
		case context.DeadlineExceeded:
			err = fmt.Errorf("no answer, waiting for %s: %w", steps.Now(), ctx.Err())
		default:
			err = context.Cause(ctx)
		}
		if advice.Lasting(err) {
			return nil, -1, err
		}
		return nil, 0, err // the service may be starting
	}
	defer answer.Body.Close()
	data, err = advice.Body(answer, maxInvitation)
	if answer.StatusCode == http.StatusOK {
		if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
			err = fmt.Errorf("no answer, waiting for %s: %w", steps.Now(), ctx.Err())
		}
		return data, 0, err
	}
	var said struct {
		Detail any `json:"detail"`
	}
	json.Unmarshal(data, &said)
	detail, _ := said.Detail.(string)
	refused := &RefusedError{answer.StatusCode, c.harmless(detail), advice.Page(answer, data, c.service(), c.Token)}
	if refused.Status == http.StatusUnauthorized {
		refused.Detail = "" // how to show a token is the caller's to say
	}
	switch answer.StatusCode {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		seconds, _ := strconv.ParseFloat(answer.Header.Get("Retry-After"), 64)
		if !(seconds > 0) { // NaN is read, too
			seconds = 0
		}
		return data, time.Duration(min(seconds, askLongestPause.Seconds()) * float64(time.Second)), refused
	}
	return data, -1, refused
}

// service says what the answers of an echo service mean.
func (c Client) service() advice.Service {
	s := advice.Service{Name: "an echo service", Refusal: "does it let this machine in?",
		Missing: "is that the address of an echo service?"}
	if u, err := url.Parse(c.URL); err == nil {
		s.Path = u.Path
	}
	return s
}

// userAgent tells a service that this runner does not wait for an echo that joins after the runner.
const userAgent = "rtcbench"

// harmless is what a service said, as one short line without the token.
func (c Client) harmless(text string) string {
	const most = 300
	return redact.New(c.Token).Line(text, most)
}
