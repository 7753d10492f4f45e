package livekit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/livekit/protocol/auth"
	"github.com/livekit/protocol/livekit"
	"github.com/twitchtv/twirp"

	"rtcbench/bench"
	"rtcbench/internal/advice"
	"rtcbench/internal/redact"
)

// api is one request, or several, to the server's API (Twirp: Protocol Buffers over HTTP), with a token for these
// requests alone. It is not the SDK's client. For the servers of LiveKit Cloud, that client drops the deadline of a
// call and tries three times as long as it was given. It also takes a web page of status 200 for an empty answer where
// the bytes happen to allow that.
// https://docs.livekit.io/reference/other/roomservice-api/
type api struct {
	server  string
	token   string
	secrets []string
	steps   advice.Steps
}

// tokenLife is how long a token lasts: enough for the requests of one call, and for clocks that differ.
const tokenLife = 10 * time.Minute

// api makes an api whose token has this grant.
func (k Key) api(server string, grant auth.VideoGrant) (*api, error) {
	token, err := auth.NewAccessToken(k.Key, k.Secret).SetVideoGrant(&grant).SetValidFor(tokenLife).ToJWT()
	if err != nil {
		return nil, fmt.Errorf("mint a token for the server's API: %w", err)
	}
	if rest, ok := strings.CutPrefix(server, "ws"); ok { // wss is https
		server = "http" + rest
	}
	return &api{server: server, token: token, secrets: []string{token, k.Secret}}, nil
}

func (a *api) rooms() livekit.RoomService {
	return livekit.NewRoomServiceProtobufClient(a.server, &http.Client{Transport: a})
}

func (a *api) dispatches() livekit.AgentDispatchService {
	return livekit.NewAgentDispatchServiceProtobufClient(a.server, &http.Client{Transport: a})
}

// transport is the http.RoundTripper for all requests.
var transport = advice.Guarded(advice.Transport())

// mostRefusal is the most that is read of a refusal, in bytes: more than a server sends.
const mostRefusal = 64 << 10

// RoundTrip lets through what a server of Twirp answers: Protocol Buffers with status 200, or an error in Twirp's form.
// Any other answer comes from somebody else, and is a *advice.Refused.
// https://twitchtv.github.io/twirp/docs/spec_v7.html
func (a *api) RoundTrip(request *http.Request) (*http.Response, error) {
	traced := a.steps.Traced(request.Context(), request.URL.Scheme == "https", bench.StepAnswer, bench.StepRest)
	request = request.Clone(traced)
	request.Header.Set("Authorization", "Bearer "+a.token)
	answer, err := transport.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	kind, _, _ := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	if answer.StatusCode == http.StatusOK && kind == "application/protobuf" {
		return answer, nil
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, mostRefusal))
	if err != nil {
		return nil, err
	}
	var said struct{ Code, Msg string }
	understood := json.Unmarshal(body, &said) == nil && said.Code != ""
	if answer.StatusCode != http.StatusOK && understood && twirp.IsValidErrorCode(twirp.ErrorCode(said.Code)) {
		answer.Body = io.NopCloser(bytes.NewReader(body))
		return answer, nil
	}
	asked := advice.Service{
		Name: "a LiveKit server", Refusal: "the server refuses the API key, or the proxy before it refuses us",
		Missing: "is it a LiveKit server, and new enough?",
	}
	if u, err := url.Parse(a.server); err == nil {
		asked.Path = u.Path
	}
	return nil, advice.Page(answer, body, asked, a.secrets...)
}

// errNothing means that an answer has the server's form and does not hold what was asked for.
var errNothing = errors.New("the server's answer does not name it: is it a LiveKit server?")

// isGone reports whether the server says that what was asked for is not there.
func isGone(err error) bool {
	var refused twirp.Error
	return errors.As(err, &refused) && refused.Code() == twirp.NotFound
}

// mostSaid is what is shown of a refusal.
const mostSaid = 300

// refusal is an error of the server's API in one line: what the server said or, where no server answered, the reason,
// with a way out. The line holds no URL that the client itself made, and no secret.
func (a *api) refusal(err error) error {
	var request *url.Error
	var refused twirp.Error
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("no answer, waiting for %s: %w", a.steps.Now(), context.DeadlineExceeded)
	case errors.As(err, &request):
		return fmt.Errorf("%w%s", request.Err, advice.Of(request.Err))
	case !errors.As(err, &refused):
		return err
	}
	said := redact.New(a.secrets...).Line(refused.Msg(), mostSaid)
	switch refused.Code() {
	case twirp.Unauthenticated, twirp.PermissionDenied:
		return fmt.Errorf("the server refuses the API key (%s: %s)", refused.Code(), said)
	case twirp.BadRoute, twirp.Unimplemented:
		return fmt.Errorf("the server has no such API (%s: %s); is it a LiveKit server, and new enough?",
			refused.Code(), said)
	}
	return fmt.Errorf("%s: %s", refused.Code(), said)
}
