package advice

import (
	"encoding/base64"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"

	"rtcbench/internal/redact"
)

// Guarded is a transport whose errors do not contain the credentials of the request. net/http quotes the parts of an
// answer that it cannot read, and a server, or a proxy before it, may repeat any header there.
//
// The bodies of its answers end. A server that switches protocols (101) without having been asked to has no body:
// net/http would give the bare connection as the body, which no deadline ends.
func Guarded(t http.RoundTripper) http.RoundTripper { return guarded{t} }

type guarded struct{ http.RoundTripper }

func (g guarded) RoundTrip(q *http.Request) (*http.Response, error) {
	var answered atomic.Bool
	var asked atomic.Value // host:port of the server, or of the proxy
	answer, err := g.RoundTripper.RoundTrip(q.WithContext(httptrace.WithClientTrace(q.Context(),
		&httptrace.ClientTrace{GotFirstResponseByte: func() { answered.Store(true) },
			GetConn: func(address string) { asked.Store(address) }})))
	if address := addressOf(q.URL); asked.Load() == address && mayWantTLS(q, answer, err) &&
		speaksTLS(q.Context(), address) {
		if answer != nil {
			answer.Body.Close()
		}
		return nil, ErrTLS
	}
	if err != nil {
		var ofNet net.Error // also of a time that is over
		if answered.Load() && q.Context().Err() == nil && !errors.As(err, &ofNet) && !errors.Is(err, io.EOF) &&
			!errors.Is(err, io.ErrUnexpectedEOF) { // net/http has no type for an answer that it cannot read
			err = unread{err}
		}
		hidden := redact.New(credentials(q)...)
		if hidden.Clean(err.Error()) != err.Error() { // net/http asks some errors for their types
			err = hidden.Error(err, mostSaid)
		}
		return nil, err
	}
	if answer.StatusCode == http.StatusSwitchingProtocols && q.Header.Get("Upgrade") == "" {
		answer.Body.Close()
		answer.Body = http.NoBody
	}
	// The client itself quotes a redirect that it cannot read.
	if _, bad := url.Parse(answer.Header.Get("Location")); bad != nil {
		answer.Header.Del("Location")
	}
	return answer, nil
}

// unread is an error of net/http about an answer that it cannot read.
type unread struct{ error }

func (u unread) Unwrap() []error { return []error{u.error, errNoHTTP} }

// CloseIdleConnections is the method that http.Client looks for.
func (g guarded) CloseIdleConnections() {
	(&http.Client{Transport: g.RoundTripper}).CloseIdleConnections()
}

// shortest is the least length of a value of a query that may be a token: anything shorter stands in many words.
const shortest = 8

// credentials are what of a request may be secret, in each form in which it was sent.
func credentials(q *http.Request) (list []string) {
	for _, name := range []string{"Authorization", "X-Amz-Security-Token"} {
		value := q.Header.Get(name)
		_, bare, _ := strings.Cut(value, " ")
		list = append(list, value, bare)
		if pair, err := base64.StdEncoding.DecodeString(bare); err == nil && name == "Authorization" {
			user, password, _ := strings.Cut(string(pair), ":")
			list = append(list, string(pair), user, password)
		}
	}
	return append(list, OfURL(q.URL)...)
}

// OfURL are the secrets that a URL may hold.
func OfURL(u *url.URL) (list []string) {
	if u.User != nil {
		password, _ := u.User.Password()
		list = append(list, u.User.String(), u.User.Username(), password)
	}
	for _, values := range u.Query() {
		for _, v := range values {
			if len(v) >= shortest {
				list = append(list, v)
			}
		}
	}
	return list
}
