package hub_test

import (
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"rtcbench/internal/fleet/hub"
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

// TestWhomAProxyNames: whom the proxy has let in reads the page, counted by the name, and changes nothing. Nobody gets
// in by the proxy's header alone: not from elsewhere, and not beside what the proxy says.
func TestWhomAProxyNames(t *testing.T) {
	const header = "X-Forwarded-User"
	trusting := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	defer trusting.CloseIdleConnections()
	for name, x := range map[string]struct {
		from   string
		method string
		path   string
		named  string // by the proxy
		own    bool   // whoever asks sends the header, too
		status int
	}{
		"a user":                {"127.0.0.1/32", "GET", "/api/v1/history", "ada", false, 200},
		"nobody":                {"127.0.0.1/32", "GET", "/", "", false, 401},
		"a proxy of elsewhere":  {"10.0.0.0/8", "GET", "/", "ada", false, 401},
		"who says it, too":      {"127.0.0.1/32", "GET", "/", "ada", true, 401},
		"a user who wants more": {"127.0.0.1/32", "POST", "/admin/tokens", "ada", false, 401},
		"a user at the metrics": {"127.0.0.1/32", "GET", "/metrics", "ada", false, 401},
	} {
		t.Run(name, func(t *testing.T) {
			c := startAs(t, t.TempDir(), "", hub.Options{
				Proxy: hub.Proxy{Header: header, From: []netip.Prefix{netip.MustParsePrefix(x.from)}}})
			to, err := url.Parse(c.address.URL)
			if err != nil {
				t.Fatal(err)
			}
			names := func(r *httputil.ProxyRequest) {
				r.SetURL(to)
				if x.named != "" {
					r.Out.Header.Add(header, x.named)
				}
			}
			proxy := httptest.NewServer(&httputil.ReverseProxy{Transport: trusting, Rewrite: names})
			defer proxy.Close()
			r, err := http.NewRequestWithContext(t.Context(), x.method, proxy.URL+x.path, nil)
			if err != nil {
				t.Fatal(err)
			}
			if x.own {
				r.Header.Set(header, "root")
			}
			resp, err := proxy.Client().Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			if err != nil || resp.StatusCode != x.status {
				t.Errorf("%d %s, %v", resp.StatusCode, body, err)
			}
			if shown := resp.Header.Get("Asked-By"); x.status == 200 && shown != x.named {
				t.Errorf("the page was asked by %q, want %q", shown, x.named)
			}
		})
	}
}
