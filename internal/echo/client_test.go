package echo

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

// What the original's services answer, byte for byte, and what others do. A room that an answer made and that is of no
// use is given back.
func TestClient(t *testing.T) {
	const (
		token   = "s3cret"
		id      = "5f0f6f5e-9f5b-4d0c-8f43-0c8cf7a3a9d1"
		livekit = `{"room_id":"` + id +
			`","daily":null,"livekit":{"server_url":"wss://sfu.example.com","room_name":"benchmark-1",` +
			`"token":"jwt","expires_at":1795648320.7335489}}`
		daily = `{"room_id":"` + id +
			`","daily":{"room_url":"https://d.daily.co/r","expires_at":1795648320.7335489},"livekit":null}`
		ended = `{"status":"success","room_id":"` + id + `","message":"Disconnected and cleaned ` +
			`up","cleaned_up":true}`
		number     = "1795648320.7335489"
		isNoAnswer = "does not answer as an echo service does"
	)
	for _, c := range []struct {
		name, platform string
		status         int
		body           string
		says           string // "" = it works
		givenBack      bool
	}{
		{"original, LiveKit", "livekit", 200, livekit, "", false},
		{"original, Daily", "daily", 200, daily, "", false},
		{"whole numbers", "livekit", 200, strings.ReplaceAll(livekit, ".7335489", ""), "", false},
		{"with an exponent", "livekit", 200, strings.ReplaceAll(livekit, number, "1.7956483207335489e9"), "", false},
		{"what nobody needs is missing", "livekit", 200, strings.ReplaceAll(livekit, `,"expires_at":1795648320.7335489`,
			`,"more":[1.5,{}]`), "", false},
		{"for another platform", "daily", 200, livekit, "is it a service for daily?", true},
		{"both, and it has one", "both", 200, livekit, "without a Daily URL", true},
		{"no token", "livekit", 200, strings.ReplaceAll(livekit, "jwt", ""), "without a LiveKit token", true},
		{"an expiry in words", "livekit", 200, strings.ReplaceAll(livekit, number, `"2026-11-26T00:00:00Z"`), "",
			false},
		{"an expiry in a text", "livekit", 200, strings.ReplaceAll(livekit, number, `"1e3"`), "", false},
		{"no expiry", "livekit", 200, strings.ReplaceAll(livekit, number, "null"), "", false},
		{"an expiry beyond floats", "livekit", 200, strings.ReplaceAll(livekit, number, "1e999"), "", false},
		{"no expiry, Daily", "daily", 200, strings.ReplaceAll(daily, number, `"never"`), "", false},
		{"of another form", "livekit", 200, strings.ReplaceAll(livekit, `"jwt"`, number),
			isNoAnswer + ": livekit.token is of another kind (number)", true},
		{"a list of rooms", "livekit", 200, `{"livekit":[` + livekit + `],"room_id":"` + id + `"}`, isNoAnswer +
			": livekit is of another kind (array)", true},
		{"cut off", "livekit", 200, livekit[:len(livekit)-20], isNoAnswer, true},
		{"cut off in the id", "livekit", 200, livekit[:20], isNoAnswer, false},
		{"another status", "livekit", 201, livekit, "it answers HTTP 201 Created", true},
		{"a room, and then a failure", "livekit", 500, livekit, "it answers HTTP 500", true},
		{"a number that is none, before the id", "livekit", 200, `{"livekit":{"expires_at":NaN},"room_id":"` + id +
			`"}`, isNoAnswer, true},
		{"a mark before it", "livekit", 200, "\ufeff" + livekit, isNoAnswer, true},
		{"a page after it", "livekit", 200, livekit + "<hr>", isNoAnswer, true},
		{"in a list", "livekit", 200, "[" + livekit + "]", isNoAnswer, true},
		{"within something", "livekit", 200, `{"data":` + livekit + "}", "without an id", true},
		{"an id that is a number", "livekit", 200, `{"room_id":7.0}`, isNoAnswer, true},
		{"white space at the ends", "livekit", 200, strings.NewReplacer(`"jwt"`, `"jwt\n"`, `"wss`, `" wss`).
			Replace(livekit), "", false},
		{"no room", "livekit", 200, `{}`, "without an id", false},
		{"not ours", "livekit", 200, `<html>hello</html>`, isNoAnswer, false},
		{"token wanted", "livekit", 401, `{"detail":"no"}`, "it answers 401", false},
		{"another server", "livekit", 404, `not found`, `it answers HTTP 404 Not Found, which says: "not found"`,
			false},
		{"broken", "livekit", 500, `{"detail":"it\nbroke: ` + token + `"}`, "it answers 500: it broke: …", false},
		{"sent on", "livekit", 307, ``, "it answers HTTP 307 Temporary Redirect", false},
		{"a proxy's login", "livekit", 401, "<html>sign in", `it answers HTTP 401 Unauthorized, which says: "sign in"`,
			false},
		{"a proxy", "livekit", 403, "<html>\n<b>not\nfrom here</b> " + token, `it answers HTTP 403 Forbidden, which ` +
			`says: "not from here …"`, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				if got = append(got, r.URL.Path+string(body)); r.Method != "POST" ||
					r.Header.Get("Authorization") != "Bearer "+token {
					t.Errorf("%s %s with %q", r.Method, r.URL, r.Header.Get("Authorization"))
				}
				if r.URL.Path == "/base/disconnect" {
					io.WriteString(w, ended)
					return
				}
				w.Header().Set("Location", "http://192.0.2.1/")
				w.WriteHeader(c.status)
				io.WriteString(w, c.body)
			}))
			defer server.Close()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			platforms := []string{c.platform}
			if c.platform == "both" {
				platforms = []string{"daily", "livekit"}
			}
			in, err := Client{URL: server.URL + "/base/", Token: token}.Connect(ctx, "", platforms...)
			switch {
			case c.says == "" && (err != nil || in.RoomID != id || in.Rooms["livekit"].URL != "" &&
				in.Rooms["livekit"].Token != "jwt" || in.Rooms["daily"].URL != "" &&
				in.Rooms["daily"].URL != "https://d.daily.co/r"):
				t.Errorf("%v %+v", err, in)
			case c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says) ||
				strings.Contains(err.Error(), token) || strings.Contains(err.Error(), "\n")):
				t.Errorf("%v, want %q in it", err, c.says)
			}
			want := []string{"/base/connect"}
			if c.givenBack {
				given := `"` + id + `"`
				if !strings.Contains(c.body, id) {
					given = "7.0"
				}
				want = append(want, `/base/disconnect{"room_id":`+given+`}`)
			}
			if !slices.Equal(got, want) {
				t.Errorf("it was asked %q, want %q", got, want)
			}
		})
	}
}

// While a service starts or is full it is asked again, as late as it says.
func TestClientWaits(t *testing.T) {
	var asked []time.Time
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch asked = append(asked, time.Now()); len(asked) {
		case 1:
			w.WriteHeader(http.StatusBadGateway)
		case 2:
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusTooManyRequests)
		default:
			io.WriteString(w,
				`{"room_id":"x","daily":{"room_url":"https://d.daily.co/r","expires_at":1},"livekit":null}`)
		}
	}))
	defer server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	in, err := Client{URL: server.URL}.Connect(ctx, "", "daily")
	if err != nil || in.Rooms["daily"].URL != "https://d.daily.co/r" || len(asked) != 3 ||
		asked[2].Sub(asked[1]) < time.Second {
		t.Errorf("%v %+v after %d", err, in, len(asked))
	}
	server.Close()
	short, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	if _, err := (Client{URL: server.URL}).Connect(short, "", "daily"); err == nil ||
		!strings.Contains(err.Error(), "refused") {
		t.Errorf("without a service: %v", err)
	}
	if err := (Client{URL: server.URL}).Disconnect(t.Context(), "x"); err == nil {
		t.Error("nobody was told")
	}
}

// TestClientSaysGoodbye: a room has ended when a service says so, and not when somebody else answers in its place.
func TestClientSaysGoodbye(t *testing.T) {
	for _, c := range []struct {
		status int
		body   string
		ok     bool
	}{
		{200, `{"status":"success","room_id":"x","message":"Disconnected and cleaned up","cleaned_up":true}`, true},
		{200, `{"status":"success","room_id":"x","message":"Disconnected","cleaned_up":false}`, true},
		{404, `{"detail":"Room x not found"}`, true},
		{200, `<title>Log in</title>`, false},
		{200, ``, false},
		{200, `{}`, false},
		{202, `{"status":"success"}`, false},
		{204, ``, false},
		{404, `<h1>no such site</h1>`, false},
		{404, `{"error":"no such route"}`, false},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(c.status)
			io.WriteString(w, c.body)
		}))
		if err := (Client{URL: server.URL}).Disconnect(t.Context(), "x"); (err == nil) != c.ok {
			t.Errorf("%d %s: %v", c.status, c.body, err)
		}
		server.Close()
	}
}
