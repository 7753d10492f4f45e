// Package call reaches a hub: over HTTPS with its pin, and through a proxy where there is one.
package call

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"rtcbench/internal/advice"
	"rtcbench/internal/fleet"
	"rtcbench/internal/redact"
)

// Proxy gives the proxy for a URL; nil = no proxy.
type Proxy func(*url.URL) (*url.URL, error)

// RefusedError is an answer with which the hub refuses a request.
type RefusedError struct {
	Status int
	Reason string
}

func (e *RefusedError) Error() string { return "the hub said no: " + e.Reason }

// answerTimeout is how long a hub may take to answer. A request for news is held open by the hub for up to 20 s.
var answerTimeout = time.Minute // a test has less

var errLate = errors.New("late")

// maxAnswer is the largest answer that is read, in bytes. The overview of the largest fleet is smaller.
const maxAnswer = 256 << 20

// Hub is the hub that Do asks.
type Hub struct {
	fleet.Address
	Proxy Proxy
	Admin string // the hub's admin token; "" = none is sent
	Token string // a join token that the body of a request contains; "" = none
}

// longest is how many characters of an error are shown.
const longest = 500

// Do sends a request and decodes the answer into v. A server that is no hub may repeat the request, so errors are
// cleaned of the tokens.
func (h Hub) Do(ctx context.Context, method, path string, body, v any) error {
	err := h.do(ctx, method, path, body, v)
	secrets := redact.New(h.Admin, h.Token)
	if no, ok := errors.AsType[*RefusedError](err); ok {
		no.Reason = secrets.Line(redact.Words(no.Reason), longest) // a plan in the request may contain secrets, too
		return err
	}
	return secrets.Error(err, longest)
}

func (h Hub) do(ctx context.Context, method, path string, body, v any) error {
	data, err := json.Marshal(body)
	if err != nil {
		return err
	}
	begun := time.Now()
	ctx, cancel := context.WithTimeoutCause(ctx, answerTimeout, errLate)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, h.URL+path, bytes.NewReader(data))
	if err != nil {
		return err
	}
	if h.Admin != "" {
		r.Header.Set("Authorization", "Bearer "+h.Admin)
	}
	t := &http.Transport{TLSClientConfig: h.TLS(), OnProxyConnectResponse: advice.ProxyAnswered}
	defer t.CloseIdleConnections()
	if h.Proxy != nil {
		t.Proxy = func(r *http.Request) (*url.URL, error) { return h.Proxy(r.URL) }
	}
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	answer, err := (&http.Client{Transport: advice.Guarded(t), CheckRedirect: stay}).Do(r)
	if err != nil {
		return fmt.Errorf("ask the hub at %s: %w", h.URL, h.plainly(ctx, err, begun))
	}
	defer answer.Body.Close()
	data, err = advice.Body(answer, maxAnswer)
	if err != nil {
		return fmt.Errorf("ask the hub at %s: %w", h.URL, h.plainly(ctx, err, begun))
	}
	if answer.StatusCode != http.StatusOK {
		var no fleet.Refusal
		if json.Unmarshal(data, &no) != nil || no.Error == "" {
			said := []byte(redact.Words(string(data[:min(len(data), longest)])))
			foreign := advice.Page(answer, said, advice.Service{Name: "a hub", Refusal: "is this the hub's address?",
				Missing: "is this the hub's address?"}, h.Admin, h.Token)
			return fmt.Errorf("ask the hub at %s: the answer is not a hub's: %w%s", h.URL, foreign, advice.Of(foreign))
		}
		return &RefusedError{answer.StatusCode, no.Error}
	}
	if json.Unmarshal(data, v) != nil {
		return fmt.Errorf("ask the hub at %s: the answer is not a hub's: is this the hub's address?", h.URL)
	}
	return nil
}

// plainly explains why a request failed. The URL is left out. An error of the certificate gets the advice to use the
// pin.
func (h Hub) plainly(ctx context.Context, err error, begun time.Time) error {
	if context.Cause(ctx) == errLate || errors.Is(err, context.DeadlineExceeded) { // this call's time, or its caller's
		until, _ := ctx.Deadline()
		return fmt.Errorf("no answer in %v: is this the hub's address?%s",
			until.Sub(begun).Round(100*time.Millisecond), h.by())
	}
	var request *url.Error
	if errors.As(err, &request) {
		err = request.Err
	}
	var unknown *tls.CertificateVerificationError
	if errors.As(err, &unknown) {
		return fmt.Errorf("%w; a hub that made its own certificate printed a pin: the address ends with it, behind #",
			err)
	}
	return fmt.Errorf("%w%s", err, advice.Of(err))
}

// by names the proxy on the way, for an error; "" = there is none.
func (h Hub) by() string {
	u, err := url.Parse(h.URL)
	if err != nil || h.Proxy == nil {
		return ""
	}
	proxy, err := h.Proxy(u)
	if err != nil || proxy == nil {
		return ""
	}
	return fmt.Sprintf(" The proxy %s is on the way: does it answer?", proxy.Host)
}
