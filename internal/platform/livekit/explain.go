package livekit

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/advice"
)

// explainTimeout bounds the question why a join failed.
const explainTimeout = 2 * time.Second

// Explain asks the server why it was not joined. The SDKs tell a failed join in words alone; this is an answer with a
// status, or an error with a type. Where the server has nothing to object, it is err that is returned, without the
// token.
func Explain(ctx context.Context, room bench.Room, err error) error {
	u, e := url.Parse(room.URL)
	if e != nil || u.Host == "" {
		return withoutToken(err, room)
	}
	secure := u.Scheme == "wss" || u.Scheme == "https"
	u.Scheme = map[bool]string{true: "https", false: "http"}[secure]
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
	var dial *net.OpError
	switch unanswered := e != nil && !(errors.As(e, &dial) && dial.Op == "dial"); {
	case ctx.Err() != nil:
		return withoutToken(err, room)
	case !secure && (unanswered || e == nil && answer.StatusCode == http.StatusBadRequest) && speaksTLS(ctx, u):
		return advice.ErrTLS
	case e != nil:
		var asked *url.Error // it repeats the URL
		if errors.As(e, &asked) {
			e = asked.Err
		}
		return withoutToken(e, room)
	case answer.StatusCode == http.StatusOK:
		const fine = "success"
		body := bufio.NewReader(answer.Body)
		answer.Body = io.NopCloser(body) // the deferred call closes the body itself
		if head, _ := body.Peek(len(fine)); string(head) == fine {
			return fmt.Errorf("the server takes the token, but the join fails: %w (does a proxy before it pass on "+
				"the Upgrade header?)", withoutToken(err, room))
		}
	}
	asked := service
	if asked.Path = given; strings.Trim(given, "/") != "" {
		asked.Missing = "LiveKit answers at /"
	}
	return advice.Read(answer, asked, room.Token)
}

// service is what a LiveKit server's answers mean.
var service = advice.Service{
	Name:    "a LiveKit server, and does a proxy before it pass WebSockets on",
	Refusal: "the server refuses the token: is it expired, for another server, or made with another secret?",
	Missing: "is this the right server? it may also have no such room, and make none by itself",
}

// speaksTLS reports whether a port answers a TLS handshake, whoever signed its certificate: nothing is sent to it.
func speaksTLS(ctx context.Context, u *url.URL) bool {
	address := u.Host
	if u.Port() == "" {
		address = net.JoinHostPort(u.Hostname(), "80")
	}
	c, err := (&tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}}).DialContext(ctx, "tcp", address)
	if err == nil {
		c.Close()
	}
	return err == nil
}
