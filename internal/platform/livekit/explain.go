package livekit

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/advice"
)

// explainTimeout bounds the question why a join failed.
const explainTimeout = 2 * time.Second

// Explain asks the server why it did not let the participant join. The SDKs tell of a failed join in words alone;
// Explain gives an answer with a status, or an error with a type. Where the server has no objection, Explain returns
// err, without the token.
func Explain(ctx context.Context, room bench.Room, err error) error {
	u, e := url.Parse(room.URL)
	if e != nil || u.Host == "" {
		return withoutToken(err, room)
	}
	u.Scheme = map[bool]string{true: "https", false: "http"}[u.Scheme == "wss" || u.Scheme == "https"]
	given := u.Path
	u.Path = strings.TrimRight(u.Path, "/") + "/rtc/validate"
	ctx, cancel := context.WithTimeout(ctx, explainTimeout)
	defer cancel()
	request, e := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if e != nil {
		return withoutToken(err, room)
	}
	request.Header.Set("Authorization", "Bearer "+room.Token)
	once := advice.Transport()
	once.DisableKeepAlives = true
	client := http.Client{Transport: advice.Guarded(once), CheckRedirect: advice.NoRedirect}
	answer, e := client.Do(request)
	if e == nil {
		defer answer.Body.Close()
	}
	switch {
	case ctx.Err() != nil:
		return withoutToken(err, room)
	case e != nil:
		var asked *url.Error // such an error repeats the URL
		if errors.As(e, &asked) {
			e = asked.Err
		}
		return withoutToken(e, room)
	case answer.StatusCode == http.StatusOK:
		const fine = "success"
		body := bufio.NewReader(answer.Body)
		answer.Body = io.NopCloser(body) // the deferred call closes body
		if head, _ := body.Peek(len(fine)); string(head) == fine {
			return whyNoJoin(client, request, asked(given), room.Token, withoutToken(err, room))
		}
	}
	return advice.Read(answer, asked(given), room.Token)
}

// asked is service, for a server whose URL has that path.
func asked(path string) advice.Service {
	of := service
	if of.Path = path; strings.Trim(path, "/") != "" {
		of.Missing = "LiveKit answers at /"
	}
	return of
}

// whyNoJoin asks for the WebSocket itself, where the server has accepted the token: a server that lets nobody into the
// room answers with the reason instead. The connection is closed as soon as it is there.
func whyNoJoin(client http.Client, validated *http.Request, of advice.Service, token string, err error) error {
	request := validated.Clone(validated.Context())
	request.URL.Path = strings.TrimSuffix(request.URL.Path, "/validate")
	key := base64.StdEncoding.EncodeToString([]byte(rand.Text()[:16]))
	for name, value := range map[string]string{"Connection": "Upgrade", "Upgrade": "websocket",
		"Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": key} {
		request.Header.Set(name, value)
	}
	answer, e := client.Do(request)
	if e != nil {
		return &noJoin{err}
	}
	defer answer.Body.Close()
	switch answer.StatusCode {
	case http.StatusSwitchingProtocols:
		return &noJoin{err}
	case http.StatusOK, http.StatusBadRequest, http.StatusNotFound, http.StatusUpgradeRequired:
		return &noUpgrade{err}
	}
	return advice.Read(answer, of, token)
}

// noJoin means that a join got no answer over the WebSocket, though the WebSocket can be opened.
type noJoin struct{ error }

func (e *noJoin) Error() string {
	return "no answer to the join: the server takes the token, and says nothing by its WebSocket (is it a LiveKit " +
		"server of a version that its SDK knows?)"
}

func (e *noJoin) Unwrap() error { return e.error }

// noUpgrade means that a join got no WebSocket, though the server accepted the token.
type noUpgrade struct{ error }

func (e *noUpgrade) Error() string {
	return "no WebSocket for the join, though the server takes the token (does a proxy before it pass on the Upgrade " +
		"header?)"
}

func (e *noUpgrade) Unwrap() error { return e.error }

// service is what a LiveKit server's answers mean.
var service = advice.Service{
	Name:    "a LiveKit server, and does a proxy before it pass WebSockets on",
	Refusal: "the server refuses the token: is it expired, for another server, or made with another secret?",
	Missing: "is this the right server? it may also have no such room, and make none by itself",
	Failed:  "is the room full? the server's log says why it failed",
}
