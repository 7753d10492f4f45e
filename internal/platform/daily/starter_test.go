package daily_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/platform/daily"
)

// TestStarter: a room is understood by each of the names that starters give it, and all else is one line.
func TestStarter(t *testing.T) {
	for _, c := range []struct {
		status int
		body   string
		room   string // and token, or the error
	}{
		{200, `{"dailyRoom": "https://x.daily.co/a", "dailyToken": "t", "sessionId": "s"}`, "https://x.daily.co/a t"},
		{200, `{"room_url": "https://x.daily.co/a", "token": "t"}`, "https://x.daily.co/a t"},
		{201, `{"url": "https://x.daily.co/a"}`, "https://x.daily.co/a "},
		{200, `{"sessionId": "s"}`, "its answer names no room (dailyRoom, room_url or url)"},
		{200, `{"room_url": "wss://x.livekit.cloud", "token": "TOPSECRET"}`, "which is no URL of a room"},
		{200, `{"url": "https://x.daily.co/"}`, "which is a host and no room"},
		{200, `["TOPSECRET"]`, "its answer is no JSON with a room in it"},
		{401, `{"error": "KEYKEYKEY is unknown"}`, "HTTP 401 Unauthorized"},
		{404, ``, "is this the starter's whole URL?"},
		{500, "a\nb", `HTTP 500 Internal Server Error, which says: "a b"`},
	} {
		starter := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(c.status)
			w.Write([]byte(c.body))
		}))
		room, token, err := daily.Start(t.Context(),
			bench.Starter{URL: starter.URL + "/x?k=KEYKEYKEY", Token: "KEYKEYKEY"})
		starter.Close()
		got := room + " " + token
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, c.room) || strings.Contains(got, "KEYKEY") || strings.Contains(got, "TOPSECRET") ||
			strings.Contains(got, "\n") {
			t.Errorf("%d %s: %s, want %s", c.status, c.body, got, c.room)
		}
	}
}

// TestAStarterIsNotFollowed: a redirect would take the key, and the order, to a host that nobody named.
func TestAStarterIsNotFollowed(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("a redirect was followed")
	}))
	t.Cleanup(elsewhere.Close)
	for _, status := range []int{301, 302, 303, 307, 308} {
		named := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", elsewhere.URL+"/start?k=TOPSECRET")
			w.WriteHeader(status)
		}))
		_, _, err := daily.Start(t.Context(), bench.Starter{URL: named.URL, Token: "KEYKEYKEY"})
		named.Close()
		if err == nil || !strings.Contains(err.Error(), "it sends us on to "+elsewhere.URL+", with status "+
			strconv.Itoa(status)) || strings.Contains(err.Error(), "SECRET") ||
			strings.Contains(err.Error(), "KEYKEY") {
			t.Errorf("%d: %v", status, err)
		}
	}
}

// TestAStarterTakesItsTime: the limit is the caller's, and the error says what was waited for.
func TestAStarterTakesItsTime(t *testing.T) {
	hangs := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body) // only then the server sees the client go
		<-r.Context().Done()
	}))
	t.Cleanup(hangs.Close)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, _, err := daily.Start(ctx, bench.Starter{URL: hangs.URL})
	if err == nil || !strings.Contains(err.Error(), ": no answer, waiting for ") {
		t.Error(err)
	}
}
