package browser_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"rtcbench/internal/benchtest"
	"rtcbench/internal/browser"
)

func TestPolicy(t *testing.T) {
	for _, c := range []struct {
		config   browser.JoinConfig
		has, not []string
	}{
		{of(browser.JoinConfig{Platform: "daily", URL: "https://my.daily.co/room"}),
			[]string{"wss://*.daily.co:*", "https://*.pluot.blue:*", "https://*.dailywebrtc.net:*", "'unsafe-eval'"},
			nil},
		{of(browser.JoinConfig{Platform: "daily", URL: "https://my.daily.co/room",
			BundleURL: "https://mirror.example:8443/cm"}),
			[]string{"https://mirror.example:8443", "wss://mirror.example:8443"}, nil},
		{of(browser.JoinConfig{Platform: "livekit", URL: "wss://my.livekit.cloud"}),
			[]string{"wss://my.livekit.cloud", "https://my.livekit.cloud", "wss://*.livekit.cloud:*"},
			[]string{"daily", "unsafe-eval"}},
		{of(browser.JoinConfig{Platform: "livekit", URL: "ws://10.1.2.3:7880"}),
			[]string{"ws://10.1.2.3:7880", "http://10.1.2.3:7880"}, []string{"livekit.cloud", "*"}},
		{of(browser.JoinConfig{Platform: "livekit", URL: "ws://[::1]:7880"}), []string{"ws://*:7880"}, nil},
		{of(browser.JoinConfig{Platform: "livekit", URL: "wss://evil.example; script-src *"}), nil,
			[]string{"evil", "*"}},
	} {
		p := browser.Policy(c.config)
		words := strings.Fields(strings.ReplaceAll(p, ";", " "))
		if c.config.Platform == "daily" && !strings.Contains(p, " 'unsafe-eval' blob: ") { // its AudioWorklet
			t.Errorf("no script from a blob: in %s", p)
		}
		for _, want := range c.has {
			if !slices.Contains(words, want) {
				t.Errorf("%+v: %q is not in %s", c.config, want, p)
			}
		}
		for _, not := range append(c.not, "sentry", " ws: ", " wss: ", " http: ", " https: ") {
			if strings.Contains(p, not) {
				t.Errorf("%+v: %q is in %s", c.config, not, p)
			}
		}
	}
}

// A page reaches its platform's host and no other, by whatever way, also where the host is an address.
func TestAPageReachesItsPlatformOnly(t *testing.T) {
	benchtest.Beside(t, benchtest.WithBrowser)
	b, err := browser.Start(t.Context(), browser.Options{Environment: os.LookupEnv,
		ResolverRules: closedNetwork + ", EXCLUDE 127.0.0.2"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	var hits [2]atomic.Int32
	var urls [2]string
	for i, address := range []string{"127.0.0.2:0", "127.0.0.1:0"} { // the platform's, and another
		l, err := net.Listen("tcp4", address)
		if err != nil {
			t.Fatal(err)
		}
		s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			hits[i].Add(1)
			w.Header().Set("Access-Control-Allow-Origin", "*")
		})}
		go s.Serve(l)
		t.Cleanup(func() { s.Close() })
		urls[i] = "http://" + l.Addr().String()
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for _, platform := range []string{"livekit", "daily"} {
		p, err := b.Open(ctx)
		if err != nil {
			t.Fatal(err)
		}
		joining, stop := context.WithTimeout(ctx, 3*time.Second)
		err = p.Join(joining, of(browser.JoinConfig{Platform: platform, URL: urls[0] + "/room", BundleURL: urls[0]}))
		stop()
		if err == nil {
			t.Fatal("joined what is no platform")
		}
		before := hits[0].Load()
		for i, want := range []string{"reached", "blocked"} {
			got, err := p.Evaluate(ctx, fmt.Sprintf(`fetch(%q).then(() => 'reached', () => 'blocked')`, urls[i]))
			if err != nil || got != want {
				t.Errorf("%s, %s: %q, %v, want %q", platform, urls[i], got, err, want)
			}
		}
		if hits[0].Load() == before {
			t.Error("the platform's host saw nothing: this test looks at the wrong place")
		}
		got, err := p.Evaluate(ctx, fmt.Sprintf(`new Promise((done) => {
			addEventListener('securitypolicyviolation', (e) => done(e.violatedDirective));
			try { new WebSocket(%q).onopen = () => done('open'); } catch (e) { done(e.name); }
		})`, strings.Replace(urls[1], "http", "ws", 1)))
		if err != nil || got != "connect-src" && got != "SecurityError" {
			t.Errorf("%s: a socket to another host: %q, %v", platform, got, err)
		}
		if n := hits[1].Load(); n != 0 {
			t.Errorf("%s: another host was asked %d times", platform, n)
		}
		p.Close()
	}
}
