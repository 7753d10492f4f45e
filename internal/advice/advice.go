// Package advice says what to do about a connection that did not come about. It judges errors by their types and answers by their
// status, and never by their words: a host, a port or a page may have any word in it.
package advice

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"syscall"
	"unicode/utf8"
)

// Of is a way out of err in parentheses, with a space before; "" = there is none to offer.
func Of(err error) string {
	var dns *net.DNSError
	var authority x509.UnknownAuthorityError
	var name x509.HostnameError
	var certificate x509.CertificateInvalidError
	var record tls.RecordHeaderError
	var refused *Refused
	text := ""
	switch {
	case errors.As(err, &refused):
		text = refused.advice()
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		text = "this process may open no more files or sockets: raise the limit of descriptors, ulimit -n"
	case errors.As(err, &authority):
		text = "whoever signed its certificate is not known here: name the file of a private CA in SSL_CERT_FILE"
	case errors.As(err, &name):
		text = "its certificate is for another name: is the host right?"
	case errors.As(err, &certificate):
		text = "its certificate does not hold: has it expired, or is this machine's clock wrong?"
	case errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch):
		text = "nobody speaks TLS there: is it http:// or ws://?"
	case errors.Is(err, ErrTLS):
		text = "give it as wss:// or https://"
	case errors.As(err, &dns):
		text = "is the host name right?"
	case errors.Is(err, syscall.ECONNREFUSED):
		text = "is the server running there?"
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		text = "there is no route to it from here"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		text = "it closed the connection without an answer: is this the right port?"
	}
	if text == "" {
		return ""
	}
	return " (" + text + ")"
}

// ErrTLS means that a port that was asked without TLS speaks TLS.
var ErrTLS = errors.New("that port speaks TLS")

// Refused is an answer that was not the one wanted.
type Refused struct {
	Status   int
	Path     string // that the user gave; "" = none
	Said     string // the body on one short line
	Server   string // who says that it answered
	Password bool   // it wants a password of HTTP's own
	Redirect string // the host that it names instead; "" = none
}

var tags = regexp.MustCompile(`<[^>]*>`)

// Read makes a Refused of an answer, and reads a little of its body. secrets are left out of what it said.
func Read(answer *http.Response, path string, secrets ...string) *Refused {
	const most = 4 << 10
	body, _ := io.ReadAll(io.LimitReader(answer.Body, most))
	r := &Refused{Status: answer.StatusCode, Path: strings.Trim(path, "/"), Server: line(answer.Header.Get("Server"), secrets)}
	r.Said = line(tags.ReplaceAllString(string(body), " "), secrets)
	if scheme, _, _ := strings.Cut(answer.Header.Get("WWW-Authenticate"), " "); scheme != "" && !strings.EqualFold(scheme, "Bearer") {
		r.Password = true
	}
	if to, err := url.Parse(answer.Header.Get("Location")); err == nil && answer.StatusCode/100 == 3 {
		r.Redirect = line(to.Host, secrets)
	}
	return r
}

// line is s on one short line without secrets.
func line(s string, secrets []string) string {
	for _, secret := range secrets {
		if secret != "" {
			s = strings.ReplaceAll(strings.ReplaceAll(s, secret, "…"), url.QueryEscape(secret), "…")
		}
	}
	const most = 120
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "…")), " ")
	if utf8.RuneCountInString(s) > most {
		s = string([]rune(s)[:most]) + "…"
	}
	return s
}

// Error is one line: whose answer it is, its status, and what it says.
func (r *Refused) Error() string {
	text := fmt.Sprintf("HTTP %d", r.Status)
	if name := http.StatusText(r.Status); name != "" {
		text += " " + name
	}
	if r.Server != "" {
		text += fmt.Sprintf(" from %q", r.Server)
	}
	if r.Said != "" {
		text += fmt.Sprintf(", which says: %q", r.Said)
	}
	return text
}

func (r *Refused) advice() string {
	switch s := r.Status; {
	case r.Password:
		return "a proxy before the server wants a password of its own"
	case r.Redirect != "":
		return fmt.Sprintf("it sends us to %s, which nobody gave, and we do not go there with a token: give that address if it is right", r.Redirect)
	case s/100 == 3:
		return "it sends us elsewhere: is the URL right?"
	case s == http.StatusUnauthorized, s == http.StatusForbidden:
		return "the server refuses the token: is it expired, for another server, or made with another secret?"
	case s == http.StatusNotFound && r.Path != "":
		return fmt.Sprintf("is the path %q of the URL right? LiveKit answers at /", "/"+r.Path)
	case s == http.StatusNotFound:
		return "is this the right server? it may also have no such room, and make none by itself"
	case s == http.StatusTooManyRequests:
		return "too many requests: try again later"
	case s == http.StatusBadGateway, s == http.StatusServiceUnavailable, s == http.StatusGatewayTimeout:
		return "a proxy answers, and the server behind it does not: is that one running?"
	case s/100 == 2:
		return "that is a web page, or a proxy that does not pass WebSockets on: is this the right server?"
	}
	return ""
}
