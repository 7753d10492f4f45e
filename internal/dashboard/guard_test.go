package dashboard

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestNoFileIsRead: who asks over HTTP is not who runs the program.
func TestNoFileIsRead(t *testing.T) {
	s := opened(t)
	aDay(t, s)
	file := filepath.Join(t.TempDir(), "secret.json")
	if err := os.WriteFile(file, []byte(`{"platform":"livekit"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	c := client{t, server(s)}
	for _, side := range []string{file, file + "%23livekit", "/etc/passwd"} {
		if w := c.get("/api/v1/compare?a=" + side + "&b=location=fra"); w.Code != 400 {
			t.Errorf("%s: %d %s", side, w.Code, w.Body)
		}
	}
}

// TestOthersDoNotReadIt: neither a page of somebody else, nor one whose name was bound to this address.
func TestOthersDoNotReadIt(t *testing.T) {
	s := opened(t)
	c := client{t, server(s)}
	for name, h := range map[string][]string{
		"another name":     {"Host", "evil.example:7788"},
		"another page":     {"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"},
		"a neighbour":      {"Sec-Fetch-Site", "same-site", "Sec-Fetch-Mode", "no-cors"},
		"a page of a file": {"Origin", "null"},
	} {
		if w := c.get("/api/v1/history", h...); w.Code != http.StatusForbidden {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
	for name, h := range map[string][]string{
		"the page itself": {"Origin", "http://127.0.0.1:7788", "Sec-Fetch-Site", "same-origin"},
		"localhost":       {"Host", "localhost:7788"}, "a program": {},
		"a link": {"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate"},
	} {
		w := c.get("/api/v1/history", h...)
		policy := w.Header().Get("Content-Security-Policy")
		if w.Code != http.StatusOK || !strings.Contains(policy, "default-src 'none'") {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	for _, method := range []string{"POST", "PUT", "DELETE", "PATCH"} {
		if w := c.do(method, "/api/v1/history"); w.Code != http.StatusMethodNotAllowed {
			t.Errorf("%s: %d", method, w.Code)
		}
	}
}

// TestAHubsPage: whoever guards it lets people in by any name, and its fleet is shown.
func TestAHubsPage(t *testing.T) {
	s := opened(t)
	aDay(t, s)
	lat, lon := 52.5, 13.4
	srv := server(s)
	srv.Guarded = true
	srv.Fleet = func() Fleet {
		return Fleet{Now: 1, Version: "1", Places: []FleetSeat{{Name: "fra-1", Location: "fra", Lat: &lat, Lon: &lon,
			State: "silent"}}}
	}
	c := client{t, srv}
	f := into[Fleet](t, c.get("/api/v1/fleet", "Host", "hub.example.com"))
	if len(f.Places) != 1 || f.Places[0].State != "silent" {
		t.Errorf("%+v", f)
	}
	list := into[SeriesList](t, c.get("/api/v1/series", "Host", "hub.example.com"))
	if w := list.List[0].Where; w == nil || w.Lat != lat {
		t.Errorf("fra is at %+v", w)
	}
	if w := (client{t, server(s)}).get("/api/v1/fleet"); w.Code != http.StatusNoContent {
		t.Errorf("without a hub: %d", w.Code)
	}
}
