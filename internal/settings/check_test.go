package settings

import "testing"

// TestURLs: a slash too many says nothing, in the middle or at the end of a path; what else is in a URL stays.
func TestURLs(t *testing.T) {
	for in, want := range map[string]string{
		"https://host":                       "https://host",
		"https://host//":                     "https://host/",
		"https://münchen.example:1//ü/":      "https://münchen.example:1/%C3%BC/",
		"https://a\u202eb.example":           "https://a%E2%80%AEb.example", // would turn the text around
		"https://host//a///b/":               "https://host/a/b/",
		"https://host/a%2Fb//c?t=x//y":       "https://host/a%2Fb/c?t=x//y",
		" https://h.daily.co//room?t=1//2\n": "https://h.daily.co/room?t=1//2",
	} {
		c := Check{Sources: &Sources{}}
		if got := c.ServerURL("server-url", in, "https"); got != want || c.Err != nil {
			t.Errorf("%q: %q, want %q (%v)", in, got, want, c.Err)
		}
	}
	for _, in := range []string{"/foo", "//host/foo", "https:///foo", "https:/host", "host", "http://host",
		"https://host/%ff", "https://host/a%c0%af"} {
		c := Check{Sources: &Sources{}}
		if got := c.ServerURL("server-url", in, "https"); got != "" || c.Err == nil {
			t.Errorf("%q is a URL: %q", in, got)
		}
	}
}
