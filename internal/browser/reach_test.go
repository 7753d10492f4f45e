package browser_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"rtcbench/internal/browser"
)

// What may be asked for: the hosts of the rooms and what belongs to their owners, Daily's relays, the proxy, and
// addresses.
func TestReach(t *testing.T) {
	for _, name := range []string{"http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "ALL_PROXY"} {
		t.Setenv(name, "")
	}
	t.Setenv("HTTPS_PROXY", "http://bob:secret@proxy.corp.example:3128")
	for _, c := range []struct {
		room     browser.JoinConfig
		has, not []string
	}{
		{of(browser.JoinConfig{Platform: "livekit", URL: "wss://rtc.example.co.uk:7443"}),
			[]string{"rtc.example.co.uk", "*.example.co.uk"}, []string{"*.co.uk", "*.daily.co"}},
		{of(browser.JoinConfig{Platform: "livekit", URL: "ws://livekit:7880"}), []string{"livekit"}, nil},
		{of(browser.JoinConfig{Platform: "livekit", URL: "wss://my.livekit.cloud"}), []string{"*.livekit.cloud"},
			[]string{"*.cloud"}},
		{of(browser.JoinConfig{Platform: "daily", URL: "https://my.daily.co/r",
			BundleURL: "https://mirror.example:8443/cm"}), []string{"*.daily.co", "mirror.example", "*.twilio.com"},
			nil},
		{of(browser.JoinConfig{Platform: "livekit", URL: "wss://rtc.münchen.example:7443"}),
			[]string{"rtc.xn--mnchen-3ya.example"}, []string{"rtc.münchen.example"}},
		{of(browser.JoinConfig{Platform: "livekit", URL: "wss://evil.example, EXCLUDE *"}), nil, []string{"*"}},
	} {
		requests, lookups := browser.Reach([]browser.JoinConfig{c.room}, os.LookupEnv)
		for _, text := range []string{requests, lookups} {
			words := strings.Split(text, ", EXCLUDE ")
			for _, want := range append(c.has, "localhost", "*7", "*:*") {
				if !slices.Contains(words, want) {
					t.Errorf("%+v: %q is not in %s", c.room, want, text)
				}
			}
			for _, not := range append(c.not, "*.google.com", "*") {
				if slices.Contains(words, not) {
					t.Errorf("%+v: %q is in %s", c.room, not, text)
				}
			}
			if !strings.HasPrefix(text, "MAP * ") || strings.Contains(text, "secret") {
				t.Error(text)
			}
		}
		if strings.Contains(requests, "proxy.corp") || !strings.Contains(lookups, "EXCLUDE proxy.corp.example") {
			t.Errorf("the proxy is looked up and not asked for: %s", lookups)
		}
	}
}
