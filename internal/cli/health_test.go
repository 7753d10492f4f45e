package cli

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestHealthIsOfOurs: a login page with status 200 says nothing of a service's health.
func TestHealthIsOfOurs(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		code   int
		want   string
	}{
		"the schedule":     {200, `{"failing":[],"jobs":1,"status":"ok"}`, 0, ""},
		"the echo service": {200, `{"status":"ok","platform":"livekit"}`, 0, ""},
		"a login page": {200, "<html><h1>Sign in</h1></html>", 1, `HTTP 200 OK, which says: "Sign in": a service ` +
			`of rtcbench answers`},
		"somebody else": {200, `{"status":"starting"}`, 1, `a service of rtcbench answers {"status":"ok"}`},
		"nothing":       {200, "", 1, `a service of rtcbench answers {"status":"ok"}`},
		"stuck":         {503, `{"status":"the slot of noon was missed"}`, 1, "the slot of noon was missed"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(c.status)
				io.WriteString(w, c.body)
			}))
			defer server.Close()
			var said bytes.Buffer
			if code := Main([]string{"health", server.URL}, io.Discard, &said); code != c.code ||
				!strings.Contains(said.String(), c.want) {
				t.Errorf("exit code %d, want %d, and %q in %q", code, c.code, c.want, said.String())
			}
		})
	}
}
