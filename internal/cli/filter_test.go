package cli

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/archive"
)

func TestFilter(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]archive.Filter{
		"livekit":                {Query: bench.Query{Platform: "livekit"}},
		"daily, browser":         {Query: bench.Query{Platform: "daily", Engine: "browser"}},
		"location=us-west-2":     {Query: bench.Query{Location: "us-west-2"}},
		"since=24h,until=1h":     {Query: bench.Query{Since: now.Add(-24 * time.Hour), Until: now.Add(-time.Hour)}},
		"since=2026-11-01":       {Query: bench.Query{Since: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)}},
		"livekit,3eba4b1c":       {Query: bench.Query{Platform: "livekit"}, Part: "3eba4b1c"},
		"transport=in-process":   {Query: bench.Query{Transport: bench.InProcess}},
		"engine = native , 7d7d": {Query: bench.Query{Engine: "native"}, Part: "7d7d"},
	} {
		if got, err := parseFilter(text, now); err != nil || got != want {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", ",", "x", "platform", "abc", "livekit,daily", "since=soon", "engine=go", "transport=udp", "3eba4b1c,3eba4b1d", "limit=3"} {
		if got, err := parseFilter(text, now); err == nil {
			t.Errorf("%q is a filter: %+v", text, got)
		}
	}
}

func TestEditDistance(t *testing.T) {
	for pair, want := range map[[2]string]int{{"", ""}: 0, {"platfrom", "platform"}: 2, {"kitten", "sitting"}: 3, {"", "abc"}: 3} {
		if got := editDistance(pair[0], pair[1]); got != want {
			t.Errorf("%q: %d, want %d", pair, got, want)
		}
	}
}

// TestErrorsObeyNobody: a server chooses a part of many errors, and a terminal would obey it.
func TestErrorsObeyNobody(t *testing.T) {
	var b bytes.Buffer
	fail(&b, errors.New("it answers 500: \x1b[2J\x1b]0;title\x07\nrtcbench: and more"))
	if b.String() != "rtcbench: it answers 500: �[2J�]0;title�\nrtcbench: and more\n" {
		t.Errorf("%q", b.String())
	}
}

// TestURLs: a slash too many says nothing, in the middle or at the end of a path; what else is in a URL stays.
func TestURLs(t *testing.T) {
	for in, want := range map[string]string{
		"https://host":                       "https://host",
		"https://host//":                     "https://host/",
		"https://host//a///b/":               "https://host/a/b/",
		"https://host/a%2Fb//c?t=x//y":       "https://host/a%2Fb/c?t=x//y",
		" https://h.daily.co//room?t=1//2\n": "https://h.daily.co/room?t=1//2",
	} {
		c := check{settings: &settings{}}
		if got := c.serverURL("server-url", in, "https"); got != want || c.err != nil {
			t.Errorf("%q: %q, want %q (%v)", in, got, want, c.err)
		}
	}
	for _, in := range []string{"/foo", "//host/foo", "https:///foo", "https:/host", "host", "http://host"} {
		c := check{settings: &settings{}}
		if got := c.serverURL("server-url", in, "https"); got != "" || c.err == nil {
			t.Errorf("%q is a URL: %q", in, got)
		}
	}
}
