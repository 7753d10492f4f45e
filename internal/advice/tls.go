package advice

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// handshakeTimeout bounds the question whether a port speaks TLS.
const handshakeTimeout = 2 * time.Second

// mayWantTLS reports whether q may have gone without TLS to a port that speaks it. Such ports close the connection,
// send a record of TLS, or answer 400 in plain text or by a page (nginx, Apache, Go); none of these says so by a type.
func mayWantTLS(q *http.Request, answer *http.Response, err error) bool {
	var hop *net.OpError
	var ofNet net.Error
	switch {
	case q.URL.Scheme != "http" || q.Context().Err() != nil:
		return false
	case err == nil:
		kind := answer.Header.Get("Content-Type")
		return answer.StatusCode == http.StatusBadRequest && !strings.Contains(kind, "json")
	case errors.As(err, &hop) && hop.Op != "read" && hop.Op != "write", errors.As(err, &ofNet) && ofNet.Timeout():
		return false
	}
	return true
}

// addressOf is host:port of a URL without TLS.
func addressOf(u *url.URL) string { return net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), "80")) }

// speaksTLS reports whether a port answers a TLS handshake, whoever signed its certificate: nothing is sent to it.
func speaksTLS(ctx context.Context, address string) bool {
	ctx, cancel := context.WithTimeout(ctx, handshakeTimeout)
	defer cancel()
	c, err := (&tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}}).DialContext(ctx, "tcp", address)
	if err == nil {
		c.Close()
	}
	return err == nil
}
