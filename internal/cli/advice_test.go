package cli_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"rtcbench/internal/benchtest"
)

// TestAPageThatIsNotLetIn: the browser engine says of a join that failed what the native one says. The page's library is told of no status.
func TestAPageThatIsNotLetIn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status   int
		location string
		body     string
		want     string
	}{
		"the token":    {401, "", "not you", `HTTP 401 Unauthorized, which says: "not you" (the server refuses the token:`},
		"nothing said": {502, "", "", "HTTP 502 Bad Gateway (a proxy answers, and the server behind it does not: is that one running?)"},
		"elsewhere":    {302, "https://other.example/", "", "HTTP 302 Found (it sends us to other.example, which nobody gave,"},
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
			p := start(t, "livekit", "--engine", "browser", "-s", "ws"+strings.TrimPrefix(server.URL, "http"), "-t", "token", "-q")
			code := p.exit(t, time.Minute)
			if said := p.stderr(); code != 1 || !strings.Contains(said, "join the token's room at ws://127.0.0.1:") || !strings.Contains(said, c.want) {
				t.Errorf("exit code %d, want %q in\n%s", code, c.want, said)
			}
		})
	}
}

// TestAServiceAndTheJoinHaveOneLimit: what asking an echo service for a room has taken is not there for joining it.
func TestAServiceAndTheJoinHaveOneLimit(t *testing.T) {
	t.Parallel()
	silent := benchtest.SilentServer(t)
	begin := time.Now()
	p := start(t, "livekit", "--agent-url", "http://"+silent, "--connect-timeout", "1s")
	code := p.exit(t, time.Minute)
	if said := p.stderr(); code != 1 || time.Since(begin) < time.Second || !strings.Contains(said, "no answer, waiting for the answer to the request") ||
		!strings.Contains(said, "(after 1s; --connect-timeout waits longer)") {
		t.Errorf("exit code %d after %v:\n%s", code, time.Since(begin), said)
	}

	const limit, pause = 4 * time.Second, 2 * time.Second
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/connect" {
			time.Sleep(pause) // a slow service
		}
		fmt.Fprintf(w, `{"room_id":"x","livekit":{"server_url":"ws://%s","room_name":"r","token":"token"}}`, silent)
	}))
	defer service.Close()
	begin = time.Now()
	p = start(t, "livekit", "--agent-url", service.URL, "--connect-timeout", limit.String())
	code = p.exit(t, time.Minute)
	in := regexp.MustCompile(`no answer in ([0-9.]+m?s), waiting for the answer to the HTTP upgrade`).FindStringSubmatch(p.stderr())
	if code != 1 || in == nil {
		t.Fatalf("exit code %d:\n%s", code, p.stderr())
	}
	if joining, err := time.ParseDuration(in[1]); err != nil || joining > limit-pause || time.Since(begin) < limit {
		t.Errorf("joining had %v of %v, and asking %v; the end came after %v", in[1], limit, pause, time.Since(begin))
	}
}
