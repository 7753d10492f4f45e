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
		for _, to := range []string{elsewhere.URL + "/v1/rooms?secret=TOPSECRET",
			strings.Replace(elsewhere.URL, "http:", "", 1) + "/x", "/other"} {
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
			for what, err := range map[string]error{"create": made, "token": token,
				"delete": c.DeleteRoom(t.Context(), "room")} {
				if err == nil || !strings.Contains(err.Error(), "sends the API key on to ") ||
					!strings.Contains(err.Error(), strconv.Itoa(status)) {
					t.Errorf("%s, %d to %s: %v", what, status, to, err)
				} else if strings.Contains(err.Error(), "SECRET") || strings.Contains(err.Error(), "KEYKEY") ||
					strings.Contains(err.Error(), "\n") {
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

// TestWhoseAnswer: an answer that is not of Daily's form is somebody else's, and is told as such: on one line, with its
// status, without the key.
func TestWhoseAnswer(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		want   string
	}{
		"a page": {404, "<html>\n<b>no such\nroute KEYKEYKEY</b>", `HTTP 404 Not Found from "proxy/1", which says: ` +
			`"no such route …" (is the path "/v1" of the URL right? Daily's`},
		"nothing": {403, "", `HTTP 403 Forbidden from "proxy/1" (is --api-key right`},
		"a login": {200, "<title>Log in</title>", `HTTP 200 OK from "proxy/1", which says: "Log in" (that is ` +
			`a web page`},
		"Daily's": {401, `{"error":"authentication-error"}`, "Daily answered 401 authentication-error (is " +
			"--api-key right"},
		"not ours": {407, "", `HTTP 407 Proxy Authentication Required from "proxy/1" (the proxy on the way wants a ` +
			`name and a password`},
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
	_, err := (&daily.Client{API: gone.URL + "/v1", Key: "KEYKEYKEY"}).CreateToken(t.Context(), "room", "name",
		time.Now().Add(time.Minute))
	if err == nil || !strings.Contains(err.Error(), "SSL_CERT_FILE") {
		t.Errorf("a private CA: %v", err)
	}
}

// TestDailysWord: what was asked for is done when Daily says so, as its reference has it, and by nobody else's answer
// with status 2xx: https://docs.daily.co/reference/rest-api/rooms, …/meeting-tokens. What is told is one line without
// the key.
func TestDailysWord(t *testing.T) {
	const key = "KEYKEYKEY"
	const room = `{"id":"987b5eb5-d116-4a4e-8e2c-14fcb5710966","name":"room","api_created":true,"privacy":"private",` +
		`"url":"https://api-demo.daily.co/room","created_at":"2019-01-26T09:01:22.000Z","config":{"exp":1548709695}}`
	good := map[string]string{
		"POST /v1/rooms": room, "POST /v1/meeting-tokens": `{"token":"ey"}`,
		"DELETE /v1/rooms/room": `{"deleted":true,"name":"room"}`,
	}
	calls := map[string]func(c *daily.Client) error{
		"POST /v1/rooms": func(c *daily.Client) error {
			_, err := c.CreateRoom(t.Context(), "room", time.Now().Add(time.Minute), "")
			return err
		},
		"POST /v1/meeting-tokens": func(c *daily.Client) error {
			_, err := c.CreateToken(t.Context(), "room", "name", time.Now().Add(time.Minute))
			return err
		},
		"DELETE /v1/rooms/room": func(c *daily.Client) error { return c.DeleteRoom(t.Context(), "room") },
	}
	type answer struct {
		status int
		body   string
	}
	var answers map[string]answer
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a, ok := answers[r.Method+" "+r.URL.Path]
		if !ok { // the room that was not made
			a = answer{404, `{"error":"not-found","info":"room room not found"}`}
		}
		w.WriteHeader(a.status)
		io.WriteString(w, a.body)
	}))
	defer server.Close()
	client := &daily.Client{API: server.URL + "/v1", Key: key}
	for what, call := range calls {
		answers = map[string]answer{what: {200, good[what]}}
		if err := call(client); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		for name, c := range map[string]struct {
			answer
			want string
		}{
			"a login page": {answer{200, "<title>Log in, " + key + "</title>"}, `HTTP 200 OK, which says: "Log ` +
				`in, …" (that is a web page`},
			"nothing":        {answer{200, ""}, "HTTP 200 OK (that is a web page"},
			"no content":     {answer{204, ""}, "HTTP 204 No Content (that is a web page"},
			"accepted":       {answer{202, good[what]}, "HTTP 202 Accepted"},
			"created":        {answer{201, good[what]}, "HTTP 201 Created"},
			"another's JSON": {answer{200, `{"ok":true}`}, "HTTP 200 OK"},
			"a list":         {answer{200, "[" + good[what] + "]"}, "HTTP 200 OK"},
			"an error inside": {answer{200, `{"error":"forbidden-error","info":"no\nroom ` + key + `"}`},
				"Daily answered 200 forbidden-error: no room …"},
			"nothing was done": {answer{200, `{"deleted":false,"token":"","name":"room","url":""}`}, "HTTP 200 OK"},
			"another room's": {answer{200, `{"name":"other","url":"https://api-demo.daily.co/other"}`},
				"HTTP 200 OK"},
			"a room of no place": {answer{200, `{"name":"room","url":"javascript:x"}`}, "HTTP 200 OK"},
			"a proxy's 404": {answer{404, "<h1>no such site</h1>"}, `HTTP 404 Not Found, which says: "no ` +
				`such site"`},
		} {
			answers = map[string]answer{what: c.answer}
			err := call(client)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s, %s: %v, want %s", what, name, err, c.want)
			} else if text := err.Error(); strings.Contains(text, key) || strings.Contains(text, "\n") {
				t.Errorf("%s, %s: %q", what, name, text)
			}
		}
	}
	for body, status := range map[string]int{
		`{"error":"not-found","info":"room room not found"}`:                                        404,
		`{"error":"invalid-request-error","info":"room room expired","deleted":true,"name":"room"}`: 400,
	} {
		answers = map[string]answer{"DELETE /v1/rooms/room": {status, body}}
		if err := client.DeleteRoom(t.Context(), "room"); err != nil {
			t.Errorf("a room that is gone: %v", err)
		}
	}
}
