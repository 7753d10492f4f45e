package cli_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"rtcbench/internal/benchtest"
)

// TestAProxyThatWantsAPassword: Chromium takes a proxy without its name and password, and its pages are told of no
// status. What the proxy says to them is told in words, by each platform, and the password is not.
func TestAProxyThatWantsAPassword(t *testing.T) {
	benchtest.Beside(t, benchtest.WithBrowser)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Proxy-Authenticate", `Basic realm="corp"`)
		w.WriteHeader(http.StatusProxyAuthRequired)
	}))
	defer proxy.Close()
	host := strings.TrimPrefix(proxy.URL, "http://")
	env := []string{"HTTPS_PROXY=http://bob:hush-hush@" + host, "HTTP_PROXY=http://bob:hush-hush@" + host}
	for _, args := range [][]string{
		{"livekit", "--engine", "browser", "-s", "wss://livekit.example.com", "-t", "token"},
		{"livekit", "--engine", "browser", "-s", "ws://livekit.example.com", "-t", "token"},
		{"daily", "-r", "https://example.daily.co/room"},
	} {
		p := startIn(t, env, append(args, "-n", "3", "--connect-timeout", "15s")...)
		code := p.exit(t, time.Minute)
		said := p.stderr()
		if want := "the proxy " + host + " wants a name and a password (HTTP 407)"; code != 1 ||
			!strings.Contains(said, want) ||
			strings.Contains(said, "hush") {
			t.Errorf("%q: exit code %d, want %s:\n%s", args, code, want,
				strings.ReplaceAll(said, "hush-hush", "SECRET"))
		}
	}
}
