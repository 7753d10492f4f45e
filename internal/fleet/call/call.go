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

// Proxy finds the proxy for a URL; nil = there is none.
type Proxy func(*url.URL) (*url.URL, error)

// RefusedError is a hub's no.
type RefusedError struct {
	Status int
	Reason string
}

func (e *RefusedError) Error() string { return "the hub said no: " + e.Reason }

// answerTimeout is how long a hub may take to answer. It is asked for news that it waits for, too, for 20 s.
var answerTimeout = time.Minute // a test has less

var errLate = errors.New("late")

// maxAnswer is more than the overview of the largest fleet has.
const maxAnswer = 256 << 20

// Hub is a hub to ask.
type Hub struct {
	fleet.Address
	Proxy Proxy
	Admin string // the token of whoever looks after the fleet; "" = none is shown
	Token string // one that stands in what is sent; "" = none does
}

// longest is how much of an error is told.
const longest = 500

// Do asks, and reads the answer into v. What is no hub may repeat what it is told: no error has it.
func (h Hub) Do(ctx context.Context, method, path string, body, v any) error {
	err := h.do(ctx, method, path, body, v)
	secrets := redact.New(h.Admin, h.Token)
	if no, ok := errors.AsType[*RefusedError](err); ok {
		no.Reason = secrets.Line(redact.Words(no.Reason), longest) // a plan that was sent may hold secrets, too
		return err
	}
	return secrets.Error(err, longest)
}

func (h Hub) do(ctx context.Context, method, path string, body, v any) error {
	data, err := json.Marshal(body)
	if err != nil {
		return err
	}
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
		return fmt.Errorf("ask the hub at %s: %w", h.URL, plainly(ctx, err))
	}
	defer answer.Body.Close()
	data, err = advice.Body(answer, maxAnswer)
	if err != nil {
		return fmt.Errorf("ask the hub at %s: %w", h.URL, plainly(ctx, err))
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

// plainly is why a request failed, without its URL, and with what a certificate's error means here.
func plainly(ctx context.Context, err error) error {
	if context.Cause(ctx) == errLate {
		return fmt.Errorf("no answer in %v: is this the hub's address?", answerTimeout)
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
