package echo

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// What the original service answers, and what others do.
func TestAgent(t *testing.T) {
	const token = "s3cret"
	const original = `{"room_id":"room-1","daily":null,"livekit":{"server_url":"wss://sfu.example.com","room_name":"r","token":"jwt","expires_at":1732400000}}`
	for _, c := range []struct {
		name, platform string
		status         int
		body           string
		says           string // "" = it works
	}{
		{"original", "livekit", 200, original, ""},
		{"for another platform", "daily", 200, original, "is it for daily?"},
		{"both, and it has one", "both", 200, original, "without a Daily URL"},
		{"no room", "livekit", 200, `{}`, "without an id"},
		{"not ours", "livekit", 200, `<html>hello</html>`, "does not answer as an echo service"},
		{"token wanted", "livekit", 401, `{"detail":"no"}`, "--agent-token"},
		{"another server", "livekit", 404, `not found`, "is --agent-url the address of an echo service?"},
		{"broken", "livekit", 500, `{"detail":"it\nbroke: ` + token + `"}`, "it answers 500: it broke: …"},
		{"sent on", "livekit", 307, ``, "it answers 307"},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method != "POST" || r.URL.Path != "/base/connect" || r.Header.Get("Authorization") != "Bearer "+token {
					t.Errorf("%s %s with %q", r.Method, r.URL, r.Header.Get("Authorization"))
				}
				w.Header().Set("Location", "http://192.0.2.1/")
				w.WriteHeader(c.status)
				io.WriteString(w, c.body)
			}))
			defer server.Close()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			in, err := Agent{URL: server.URL + "/base/", Token: token}.Connect(ctx, c.platform)
			switch {
			case c.says == "" && (err != nil || in.Livekit.Token != "jwt" || in.RoomID != "room-1"):
				t.Errorf("%v %+v", err, in)
			case c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), token) || strings.Contains(err.Error(), "\n")):
				t.Errorf("%v, want %q in it", err, c.says)
			}
		})
	}
}

// While a service starts or is full it is asked again, as late as it says.
func TestAgentWaits(t *testing.T) {
	var asked []time.Time
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch asked = append(asked, time.Now()); len(asked) {
		case 1:
			w.WriteHeader(http.StatusBadGateway)
		case 2:
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusTooManyRequests)
		default:
			io.WriteString(w, `{"room_id":"x","daily":{"room_url":"https://d.daily.co/r","expires_at":1},"livekit":null}`)
		}
	}))
	defer server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	in, err := Agent{URL: server.URL}.Connect(ctx, "daily")
	if err != nil || in.Daily.URL != "https://d.daily.co/r" || len(asked) != 3 || asked[2].Sub(asked[1]) < time.Second {
		t.Errorf("%v %+v after %d", err, in, len(asked))
	}
	server.Close()
	short, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	if _, err := (Agent{URL: server.URL}).Connect(short, "daily"); err == nil || !strings.Contains(err.Error(), "refused") {
		t.Errorf("without a service: %v", err)
	}
	if err := (Agent{URL: server.URL}).Disconnect(t.Context(), "x"); err == nil {
		t.Error("nobody was told")
	}
}
