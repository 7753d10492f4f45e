package cli_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"rtcbench/internal/benchtest"
)

// TestAPageThatIsNotLetIn: the browser engine says of a join that failed what the native one says. The page's library
// is told of no status.
func TestAPageThatIsNotLetIn(t *testing.T) {
	benchtest.Beside(t, benchtest.WithBrowser)
	for name, c := range map[string]struct {
		status   int
		location string
		body     string
		want     string
	}{
		"the token": {401, "", "not you", `HTTP 401 Unauthorized, which says: "not you" (the server refuses ` +
			`the token:`},
		"nothing said": {502, "", "", "HTTP 502 Bad Gateway (a proxy answers, and the server behind it does not: is " +
			"that one running?)"},
		"elsewhere": {302, "https://other.example/", "", "HTTP 302 Found (it sends us to other.example, which " +
			"nobody gave,"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if c.location != "" {
					w.Header().Set("Location", c.location)
				}
				w.WriteHeader(c.status)
				io.WriteString(w, c.body)
			}))
			defer server.Close()
			p := start(t, "livekit", "--engine", "browser", "-s", "ws"+strings.TrimPrefix(server.URL, "http"), "-t",
				"token", "-q")
			code := p.exit(t, time.Minute)
			if said := p.stderr(); code != 1 || !strings.Contains(said, "join the token's room at ws://127.0.0.1:") ||
				!strings.Contains(said, c.want) {
				t.Errorf("exit code %d, want %q in\n%s", code, c.want, said)
			}
		})
	}
}

// TestAServiceAndTheJoinHaveOneLimit: what asking an echo service for a room has taken is not there for joining it.
func TestAServiceAndTheJoinHaveOneLimit(t *testing.T) {
	benchtest.Beside(t, benchtest.WithBrowser)
	silent := benchtest.SilentServer(t)
	begin := time.Now()
	p := start(t, "livekit", "--agent-url", "http://"+silent, "--connect-timeout", "1s")
	code := p.exit(t, time.Minute)
	if said := p.stderr(); code != 1 || time.Since(begin) < time.Second ||
		!strings.Contains(said, "no answer, waiting for the answer to the request") ||
		!strings.Contains(said, "(after 1s; --connect-timeout waits longer)") {
		t.Errorf("exit code %d after %v:\n%s", code, time.Since(begin), said)
	}

	const limit, pause = 5 * time.Second, 2 * time.Second
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/connect" {
			time.Sleep(pause) // a slow service
		}
		fmt.Fprintf(w, `{"room_id":"x","daily":{"room_url":"http://%[1]s/room"},`+
			`"livekit":{"server_url":"ws://%[1]s","room_name":"r","token":"token"}}`, silent)
	}))
	defer service.Close()
	for _, args := range [][]string{
		{"livekit"},
		{"livekit", "--engine", "browser"},
		{"daily", "--daily-bundle-url", "http://" + silent},
		{"both", "--daily-bundle-url", "http://" + silent},
	} {
		begin = time.Now()
		p = start(t, append(args, "--agent-url", service.URL, "--connect-timeout", limit.String())...)
		code = p.exit(t, time.Minute)
		sides := 1
		if args[0] == "both" {
			sides = 2
		}
		// A browser may not be up by then. The limit that is named is the one that was given, not what was left of it.
		said := p.stderr()
		named, advised := strings.Count(said, " in "+limit.String()), strings.Count(said,
			"--connect-timeout waits longer")
		if code != 1 || time.Since(begin) < limit || named != sides || advised != sides {
			t.Errorf("%q: exit code %d after %v:\n%s", args, code, time.Since(begin), said)
		}
	}
}
