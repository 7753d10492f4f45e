package hub_test

import (
	"crypto/tls"
	"io"
	"net/http"
	"strings"
	"testing"
)

// TestThePageIsForTheAdmin: a browser is asked for a password, which is the admin token.
func TestThePageIsForTheAdmin(t *testing.T) {
	c := start(t, t.TempDir(), "")
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	defer client.CloseIdleConnections()
	for name, x := range map[string]struct {
		password string
		status   int
	}{"nobody": {"", 401}, "a guess": {"adm", 401}, "the admin": {"admin", 200}} {
		for _, path := range []string{"/", "/api/v1/history"} {
			r, err := http.NewRequestWithContext(t.Context(), "GET", c.address.URL+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			if x.password != "" {
				r.SetBasicAuth("somebody", x.password)
			}
			resp, err := client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(resp.Body)
			resp.Body.Close()
			asks := strings.HasPrefix(resp.Header.Get("WWW-Authenticate"), "Basic ")
			shown := string(body) == "the page"
			if resp.StatusCode != x.status || asks != (x.status == 401) || shown != (x.status == 200) {
				t.Errorf("%s at %s: %d %s", name, path, resp.StatusCode, body)
			}
		}
	}
}

// TestABrowserChangesNothing: what a browser knows of the admin token it would show for the pages of others as well.
// Those read nothing of the answer, and may not change anything by asking.
func TestABrowserChangesNothing(t *testing.T) {
	c := start(t, t.TempDir(), "")
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	defer client.CloseIdleConnections()
	for _, path := range []string{"/admin/tokens", "/admin/run", "/admin/plan/apply", "/admin/members/x/revoke"} {
		r, err := http.NewRequestWithContext(t.Context(), "POST", c.address.URL+path, strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		r.SetBasicAuth("somebody", "admin")
		resp, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s by a browser: %d", path, resp.StatusCode)
		}
	}
}
