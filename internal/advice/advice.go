// Package advice says what to do about a connection that did not come about. It judges errors by their types and
// answers by their status, and never by their words: a host, a port or a page may have any word in it.
package advice

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"syscall"

	"rtcbench/internal/redact"
)

// Of is a hint what to do about err, in parentheses, with a space before; "" = there is none to offer.
func Of(err error) string {
	var dns *net.DNSError
	var authority x509.UnknownAuthorityError
	var name x509.HostnameError
	var certificate x509.CertificateInvalidError
	var record tls.RecordHeaderError
	var refused *Refused
	var hop *net.OpError
	text := ""
	switch {
	case errors.As(err, &refused):
		text = refused.Advice()
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		text = "this process may open no more files or sockets: raise the limit of descriptors, ulimit -n"
	case errors.As(err, &hop) && hop.Op == "proxyconnect": // by net/http: the server was not reached
		text = "that is the proxy: HTTP_PROXY or HTTPS_PROXY names it, and NO_PROXY the hosts that need none"
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
	case errors.Is(err, errNoHTTP):
		text = "it answers, and not by HTTP: is this the right port?"
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

// errNoHTTP means that an answer is no HTTP, as that of a server for mail. Guarded says so.
var errNoHTTP = errors.New("the answer is no HTTP")

// ErrTLS means that a port that was asked without TLS speaks TLS.
var ErrTLS = errors.New("that port speaks TLS")

// Lasting reports whether an error stays until somebody mends its cause: a certificate that is not trusted, a port that
// speaks something else, or a limit of this process. A server that cannot be reached may come back.
func Lasting(err error) bool {
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	return errors.As(err, &certificate) || errors.As(err, &record) || errors.Is(err, http.ErrSchemeMismatch) ||
		errors.Is(err, errNoHTTP) || errors.Is(err, ErrTLS) ||
		errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
}

// NoRedirect makes an http.Client return a redirect as it is. Following the redirect would take a credential to another
// host, or make a GET of a POST.
func NoRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// Transport is http.DefaultTransport, with a proxy's refusal as a *Refused: net/http has no type for it.
func Transport() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.OnProxyConnectResponse = ProxyAnswered
	return t
}

// ProxyAnswered is a *Refused where a proxy answers CONNECT by anything but 200, and is for
// http.Transport.OnProxyConnectResponse.
func ProxyAnswered(_ context.Context, _ *url.URL, _ *http.Request, answer *http.Response) error {
	if answer.StatusCode == http.StatusOK {
		return nil
	}
	return &Refused{Status: answer.StatusCode, Server: answer.Header.Get("Server"), Proxy: true}
}

// ErrCutOff means that an answer began and was not completed.
var ErrCutOff = errors.New("it closed the connection in the middle of its answer")

// Body reads at most so many bytes of the body of an answer.
func Body(answer *http.Response, most int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(answer.Body, most))
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) {
		err = ErrCutOff
	}
	return data, err
}

// Service is the service that was asked.
type Service struct {
	Name    string // "LiveKit"
	Path    string // of the URL that the user gave; "" = none
	Refusal string // what a 401 or 403 means
	Missing string // what a 404 means, where Path is not why
	Failed  string // what a 500 means
}

// Refused is an answer that was not the one wanted.
type Refused struct {
	Of       Service
	Status   int
	Said     string // the body on one short line
	Server   string // who says that it answered
	Proxy    bool   // a proxy answered, and not the server
	Web      bool   // a web page; none of those who are asked answers by one
	Redirect string // the host that it names instead; "" = none
}

var tags = regexp.MustCompile(`(?s)<(style|script)\b.*?</(style|script)>|<[^>]*>`)

// A web page, by its type and by how it begins.
var (
	webPage = regexp.MustCompile(`(?i)^(text/html|application/xhtml\+xml)\b`)
	webText = regexp.MustCompile(`(?i)^\s*<(!doctype html|html|head|body)\b`)
)

// most is how much of a body is read, in bytes. mostSaid is how much of it is shown, mostNamed how much of a name.
const (
	most      = 4 << 10
	mostSaid  = 160
	mostNamed = 80
)

// Read makes a Refused of an answer, and reads a little of its body. The secrets are removed from what the answer says.
func Read(answer *http.Response, of Service, secrets ...string) *Refused {
	body, _ := io.ReadAll(io.LimitReader(answer.Body, most))
	return Page(answer, body, of, secrets...)
}

// Page is Read for a body that was read already.
func Page(answer *http.Response, body []byte, of Service, secrets ...string) *Refused {
	hidden := redact.New(secrets...)
	of.Path = strings.Trim(of.Path, "/")
	r := &Refused{Of: of, Status: answer.StatusCode, Server: hidden.Line(answer.Header.Get("Server"), mostNamed)}
	text := hidden.Clean(strings.ToValidUTF8(string(body[:min(len(body), most)]), "…"))
	r.Said = hidden.Line(html.UnescapeString(tags.ReplaceAllString(text, " ")), mostSaid)
	scheme, _, _ := strings.Cut(answer.Header.Get("WWW-Authenticate"), " ")
	r.Proxy = answer.StatusCode == http.StatusProxyAuthRequired ||
		answer.StatusCode == http.StatusUnauthorized && scheme != "" && !strings.EqualFold(scheme, "Bearer")
	r.Web = webPage.MatchString(answer.Header.Get("Content-Type")) || webText.Match(body)
	if to, err := url.Parse(answer.Header.Get("Location")); err == nil && answer.StatusCode/100 == 3 {
		r.Redirect = hidden.Line(to.Host, mostNamed)
	}
	return r
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

// Foreign reports whether somebody on the way answered, and not the service that was asked: then nobody has judged a
// credential.
func (r *Refused) Foreign() bool { return r.Proxy || r.Web }

// Advice is what to do about it, or "".
func (r *Refused) Advice() string {
	switch s := r.Status; {
	case s == http.StatusProxyAuthRequired:
		return "the proxy on the way wants a name and a password: HTTP_PROXY and HTTPS_PROXY may hold them"
	case r.Proxy && s == http.StatusUnauthorized:
		return "a proxy before the server wants a password of its own"
	case r.Proxy:
		return "the proxy on the way does not let us through: HTTP_PROXY, HTTPS_PROXY and NO_PROXY name it"
	case r.Redirect != "":
		return fmt.Sprintf("it sends us to %s, which nobody gave, and we do not go there with a token: give that "+
			"address if it is right", r.Redirect)
	case s/100 == 3:
		return "it sends us elsewhere: is the URL right?"
	case r.Foreign() && (s == http.StatusUnauthorized || s == http.StatusForbidden):
		return "that is a web page, and no answer of the server's own: does a proxy or gateway before it refuse us?"
	case s == http.StatusUnauthorized, s == http.StatusForbidden:
		return r.Of.Refusal
	case (s == http.StatusNotFound || s == http.StatusMethodNotAllowed) && r.Of.Path != "":
		return fmt.Sprintf("is the path %q of the URL right? %s", "/"+r.Of.Path, r.Of.Missing)
	case s == http.StatusNotFound, s == http.StatusMethodNotAllowed:
		return r.Of.Missing
	case s == http.StatusInternalServerError:
		return r.Of.Failed
	case s == http.StatusTooManyRequests:
		return "too many requests: try again later"
	case s == http.StatusUpgradeRequired:
		return "it wants an upgrade to another protocol: does a proxy before the server pass on the Upgrade header?"
	case s == http.StatusSwitchingProtocols:
		return "it goes on in another protocol, which nobody asked for: is this the right port?"
	case s == http.StatusMisdirectedRequest:
		return "whoever answers does not serve that host: is the host right?"
	case s == http.StatusNetworkAuthenticationRequired:
		return "this network wants a sign-in first, in a browser"
	case s == http.StatusBadGateway, s == http.StatusServiceUnavailable, s == http.StatusGatewayTimeout,
		s >= 520 && s <= 530: // Cloudflare's own, about the server behind it
		return "a proxy answers, and the server behind it does not: is that one running?"
	case s/100 == 2:
		return fmt.Sprintf("that is a web page, or somebody else's answer: is this the address of %s?", r.Of.Name)
	}
	return ""
}
