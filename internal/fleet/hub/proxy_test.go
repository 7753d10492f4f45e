package hub_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"rtcbench/internal/fleet"
	"rtcbench/internal/fleet/call"
	"rtcbench/internal/fleet/hub"
	"rtcbench/internal/fleet/runner"
)

// gateway is a proxy by HTTP CONNECT that wants a password, and alone knows where names lead.
type gateway struct {
	*httptest.Server
	names map[string]string

	mu     sync.Mutex
	passed map[string]int // by what was asked for
	ways   sync.WaitGroup
}

const gatewayUser, gatewayPassword = "user", "hunter2"

func newGateway(t *testing.T, names map[string]string) *gateway {
	t.Helper()
	g := &gateway{names: names, passed: map[string]int{}}
	g.Server = httptest.NewServer(http.HandlerFunc(g.serve))
	t.Cleanup(func() {
		g.ways.Wait()
		g.Close()
	})
	return g
}

func (g *gateway) serve(w http.ResponseWriter, r *http.Request) {
	r.Header.Set("Authorization", r.Header.Get("Proxy-Authorization"))
	if user, password, _ := r.BasicAuth(); user != gatewayUser || password != gatewayPassword {
		http.Error(w, "who are you?", http.StatusProxyAuthRequired)
		return
	}
	there, err := net.Dial("tcp", g.names[r.Host])
	if r.Method != http.MethodConnect || err != nil {
		http.Error(w, "no such host", http.StatusBadGateway)
		return
	}
	g.mu.Lock()
	g.passed[r.Host]++
	g.mu.Unlock()
	here, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		there.Close()
		return
	}
	io.WriteString(here, "HTTP/1.1 200 Connection established\r\n\r\n")
	for _, way := range [][2]net.Conn{{here, there}, {there, here}} {
		g.ways.Go(func() {
			io.Copy(way[0], way[1])
			way[0].Close()
		})
	}
}

// by finds this proxy for every URL.
func (g *gateway) by(user, password string) call.Proxy {
	return func(*url.URL) (*url.URL, error) {
		u, err := url.Parse(g.URL)
		u.User = url.UserPassword(user, password)
		return u, err
	}
}

// TestThroughAProxy: a runner that has nothing but a proxy by HTTP CONNECT joins by the pin, works and delivers. The
// proxy is asked for the hub's name, and not for what this machine takes the name for.
func TestThroughAProxy(t *testing.T) {
	c := start(t, t.TempDir(), "")
	const name = "localhost:8443" // which means another machine to the proxy
	g := newGateway(t, map[string]string{name: strings.TrimPrefix(c.address.URL, "https://")})
	at := fleet.Address{URL: "https://" + name, Pin: c.address.Pin}
	if _, err := c.Order(orders(1)); err != nil {
		t.Fatal(err)
	}
	join := func(proxy call.Proxy) (*runner.File, error) {
		return runner.Join(t.Context(), filepath.Join(t.TempDir(), "fleet.json"), at.String(),
			c.token(hub.TokenOrder{}), "v1", fleet.Place{Name: "fra-1", Location: "fra"}, proxy)
	}
	_, err := join(g.by(gatewayUser, "hunter3"))
	if err == nil || !strings.Contains(err.Error(), "the proxy on the way wants a name and a password") ||
		strings.Contains(err.Error(), "hunter") || strings.Contains(err.Error(), "\n") {
		t.Errorf("a wrong password: %v", err)
	}
	f, err := join(g.by(gatewayUser, gatewayPassword))
	if err != nil {
		t.Fatal(err)
	}
	o := options(f)
	o.Proxy = g.by(gatewayUser, gatewayPassword)
	r, err := runner.New(f, o)
	if err != nil {
		t.Fatal(err)
	}
	stop := c.works(r)
	await(t, "a run kept", func() bool { return c.kept() > 0 })
	stop()
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.passed) != 1 || g.passed[name] < 2 { // joining, and NATS
		t.Errorf("asked for %v, want %s each time", g.passed, name)
	}
}

// TestAProxyThatSaysNo: what a proxy answers is told by what it means, and its password is in nothing that is told.
func TestAProxyThatSaysNo(t *testing.T) {
	g := newGateway(t, nil)
	for _, c := range []struct{ url, want string }{
		{"http://user:hunter3@" + g.Listener.Addr().String(), "wants a name and a password"},
		{"http://user:hunter2@" + g.Listener.Addr().String(), "the proxy on the way does not let us through"},
		{"socks5://user:hunter2@127.0.0.1:1", "by http or https alone"},
		{"http://user:hunter2@127.0.0.1:1", "reach the proxy 127.0.0.1:1"},
	} {
		proxy := func(*url.URL) (*url.URL, error) { return url.Parse(c.url) }
		d := call.Dialer{URL: "https://hub.invalid", Proxy: proxy}
		conn, err := d.Dial("tcp", "hub.invalid:443")
		if err == nil {
			conn.Close()
		}
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hunter") {
			t.Errorf("%s: %v, want %q", c.url, err, c.want)
		}
	}
}
