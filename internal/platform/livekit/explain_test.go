package livekit_test

import (
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"syscall"
	"testing"

	"rtcbench/bench"
	"rtcbench/internal/advice"
	"rtcbench/internal/platform/livekit"
)

// TestWhyNotJoined: a join that fails is explained by what the server, or who stands before it, answers: on one line,
// with the status and a way out, and without the token.
func TestWhyNotJoined(t *testing.T) {
	const token = "header.payload.signature"
	answer := func(status int, header, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			if name, value, ok := strings.Cut(header, ": "); ok {
				w.Header().Set(name, value)
			}
			w.WriteHeader(status)
			fmt.Fprint(w, body)
		}
	}
	joining := func(status int, body string) http.HandlerFunc { // the token is fine
		return func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/rtc/validate") {
				answer(200, "", "success")(w, r)
			} else if r.URL.Path == "/rtc" && r.Header.Get("Upgrade") == "websocket" {
				answer(status, "Upgrade: websocket", body)(w, r)
			}
		}
	}
	page := "<html><head><title>502</title></head>\r\n<body>no upstream " + token + "</body></html>"
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		path    string
		want    string
	}{
		"nothing said": {answer(502, "", ""), "", "HTTP 502 Bad Gateway (a proxy answers, and the server behind " +
			"it does not: is that one running?)"},
		"a page": {answer(502, "Server: nginx/1.2", page), "", `HTTP 502 Bad Gateway from "nginx/1.2", ` +
			`which says: "502 no upstream …" (a proxy answers, and the server behind it does not: is that ` +
			`one running?)`},
		"elsewhere": {answer(301, "Location: https://other.example/x?token="+token, ""), "",
			"HTTP 301 Moved Permanently (it sends us to other.example, which nobody gave, and we do not go there " +
				"with a token: give that address if it is right)"},
		"a proxy's own": {answer(401, "WWW-Authenticate: Basic realm=x", ""), "", "HTTP 401 Unauthorized (a proxy " +
			"before the server wants a password of its own)"},
		"a proxy's page": {answer(403, "Server: squid/6.1", strings.Replace(page, "502", "Denied", 1)), "",
			`HTTP 403 Forbidden from "squid/6.1", which says: "Denied no upstream …" (that is a web page, and no ` +
				`answer of the server's own: does a proxy or gateway before it refuse us?)`},
		"a gateway's page": {answer(401, "Content-Type: text/html", "Sign in"), "",
			`HTTP 401 Unauthorized, which says: "Sign in" (that is a web page, and no answer of the server's own: ` +
				`does a proxy or gateway before it refuse us?)`},
		"the token": {answer(401, "", "invalid token: "+token), "", `HTTP 401 Unauthorized, which says: ` +
			`"invalid token: …" (the server refuses the token: is it expired, for another server, or made with ` +
			`another secret?)`},
		"a path": {answer(404, "", "404 page"), "/foo/", `HTTP 404 Not Found, which says: "404 page" (is ` +
			`the path "/foo" of the URL right? LiveKit answers at /)`},
		"nothing there": {answer(404, "", ""), "", "HTTP 404 Not Found (is this the right server? it may also " +
			"have no such room, and make none by itself)"},
		"something else": {answer(200, "", "<b>hello</b>"), "", `HTTP 200 OK, which says: "hello" (that is a web ` +
			`page, or somebody else's answer: is this the address of a LiveKit server, and does a proxy before it ` +
			`pass WebSockets on?)`},
		"all but upgrades": {answer(200, "", "success"), "", "no WebSocket for the join, though the server takes the " +
			"token (does a proxy before it pass on the Upgrade header?)"},
		"upgrades forgotten": {joining(404, ""), "/", "no WebSocket for the join, though the server takes the token " +
			"(does a proxy before it pass on the Upgrade header?)"},
		"a full room": {joining(500, "closed by media "+token), "", `HTTP 500 Internal Server Error, which says: ` +
			`"closed by media …" (is the room full? the server's log says why it failed)`},
		"silence": {joining(101, ""), "", "no answer to the join: the server takes the token, and says nothing by " +
			"its WebSocket (is it a LiveKit server of a version that its SDK knows?)"},
	} {
		server := httptest.NewServer(c.handler)
		err := livekit.Explain(t.Context(), bench.Room{URL: "ws" + strings.TrimPrefix(server.URL, "http") + c.path,
			Token: token}, errors.New("bad handshake"))
		server.Close()
		if got := err.Error() + advice.Of(err); got != c.want {
			t.Errorf("%s:\n%s, want\n%s", name, got, c.want)
		}
	}
	secure := httptest.NewUnstartedServer(answer(200, "", "success"))
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	defer secure.Close()
	plain := httptest.NewServer(answer(200, "", "success"))
	defer plain.Close()
	gone := httptest.NewServer(nil)
	gone.Close()
	for url, want := range map[string]string{
		"ws" + strings.TrimPrefix(secure.URL, "https"):  "wss://",
		"wss" + strings.TrimPrefix(secure.URL, "https"): "SSL_CERT_FILE",
		"wss" + strings.TrimPrefix(plain.URL, "http"):   "nobody speaks TLS there",
		"ws" + strings.TrimPrefix(gone.URL, "http"):     "is the server running there?",
		"ws://host.invalid":                             "is the host name right?",
	} {
		err := livekit.Explain(t.Context(), bench.Room{URL: url, Token: token}, errors.New("bad handshake"))
		if got := advice.Of(err); !strings.Contains(got, want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v%s, want %s", url, err, got, want)
		}
	}
}

// TestAdviceIsNotGuessed: an error is judged by its type, whatever words are in it.
func TestAdviceIsNotGuessed(t *testing.T) {
	dial := func(cause error) error {
		return &net.OpError{Op: "dial", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(10, 0, 4, 1), Port: 401},
			Err: os.NewSyscallError("connect", cause)}
	}
	for _, c := range []struct {
		err  error
		want string
	}{
		{errors.New("dial tcp 10.0.4.1:401: invalid token, unauthorized, connection refused, no such host"), ""},
		{dial(syscall.ETIMEDOUT), ""},
		{fmt.Errorf("join: %w", dial(syscall.ECONNREFUSED)), "is the server running there?"},
		{dial(syscall.EMFILE), "ulimit -n"},
		{dial(syscall.ENETUNREACH), "no route"},
		{&net.DNSError{Err: "unauthorized", Name: "401.example"}, "is the host name right?"},
	} {
		if got := advice.Of(c.err); !strings.Contains(got, c.want) || (got == "") != (c.want == "") {
			t.Errorf("%v: %q, want %q", c.err, got, c.want)
		}
	}
}
