package daily_test

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"rtcbench/internal/platform/daily"
)

// A redirect is followed nowhere, by no call and with no status: the key stays with the host that was named.
func TestTheKeyIsNotTakenElsewhere(t *testing.T) {
	var asked atomic.Int32
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	t.Cleanup(elsewhere.Close)
	for _, status := range []int{301, 302, 303, 307, 308} {
		for _, to := range []string{elsewhere.URL + "/v1/rooms?secret=TOPSECRET", strings.Replace(elsewhere.URL, "http:", "", 1) + "/x", "/other"} {
			named := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.HasPrefix(r.URL.Path, "/v1/") {
					w.Header().Set("Location", to)
					w.WriteHeader(status)
					return
				}
				asked.Add(1)
			}))
			c := daily.Client{API: named.URL + "/v1", Key: "KEYKEYKEY", HTTP: named.Client()}
			_, made := c.CreateRoom(t.Context(), "room", time.Now().Add(time.Minute), "")
			_, token := c.CreateToken(t.Context(), "room", "name", time.Now().Add(time.Minute))
			for what, err := range map[string]error{"create": made, "token": token, "delete": c.DeleteRoom(t.Context(), "room")} {
				if err == nil || !strings.Contains(err.Error(), "sends the API key on to ") || !strings.Contains(err.Error(), strconv.Itoa(status)) {
					t.Errorf("%s, %d to %s: %v", what, status, to, err)
				} else if strings.Contains(err.Error(), "SECRET") || strings.Contains(err.Error(), "KEYKEY") || strings.Contains(err.Error(), "\n") {
					t.Errorf("%s, %d to %s: a secret, or two lines, in %q", what, status, to, err)
				}
			}
			named.Close()
		}
	}
	if n := asked.Load(); n > 0 {
		t.Errorf("%d requests followed a redirect", n)
	}
}

// TestWhoseAnswer: an answer that is not of Daily's form is somebody else's, and is told as such: on one line, with its status, without the key.
func TestWhoseAnswer(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		want   string
	}{
		"a page":   {404, "<html>\n<b>no such\nroute KEYKEYKEY</b>", `HTTP 404 Not Found from "proxy/1", which says: "no such route …" (is the path "/v1" of the URL right? Daily's`},
		"nothing":  {403, "", `HTTP 403 Forbidden from "proxy/1" (is --api-key right`},
		"a login":  {200, "<title>Log in</title>", `HTTP 200 OK from "proxy/1", which says: "Log in" (that is a web page`},
		"Daily's":  {401, `{"error":"authentication-error"}`, "Daily answered 401 authentication-error (is --api-key right"},
		"not ours": {407, "", `HTTP 407 Proxy Authentication Required from "proxy/1" (the proxy on the way wants a name and a password`},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Server", "proxy/1")
			w.WriteHeader(c.status)
			io.WriteString(w, c.body)
		}))
		client := daily.Client{API: server.URL + "/v1", Key: "KEYKEYKEY"}
		_, err := client.CreateToken(t.Context(), "room", "name", time.Now().Add(time.Minute))
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.ContainsAny(err.Error(), "\n") {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
		server.Close()
	}
	gone := httptest.NewTLSServer(nil)
	defer gone.Close()
	gone.Config.ErrorLog = log.New(io.Discard, "", 0)
	_, err := (&daily.Client{API: gone.URL + "/v1", Key: "KEYKEYKEY"}).CreateToken(t.Context(), "room", "name", time.Now().Add(time.Minute))
	if err == nil || !strings.Contains(err.Error(), "SSL_CERT_FILE") {
		t.Errorf("a private CA: %v", err)
	}
}
