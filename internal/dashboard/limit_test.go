package dashboard

import (
	"net/http"
	"testing"
	"time"
)

// TestWhoAsksTooOften is told to wait a second, as openapi.json says, and is answered after it.
func TestWhoAsksTooOften(t *testing.T) {
	srv := server(opened(t))
	now := noon
	srv.Now = func() time.Time { return now }
	c := client{t, srv}
	for i := range askedFirst {
		if w := c.get("/api/v1/fleet"); w.Code != http.StatusNoContent {
			t.Fatalf("request %d: %d", i, w.Code)
		}
	}
	if w := c.get("/api/v1/fleet"); w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") != "1" {
		t.Errorf("one more: %d", w.Code)
	}
	now = now.Add(time.Second)
	if w := c.get("/api/v1/fleet"); w.Code != http.StatusNoContent {
		t.Errorf("a second later: %d", w.Code)
	}
}
