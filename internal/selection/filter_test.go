package selection

import (
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
		if got, err := ParseFilter(text, now); err != nil || got != want {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", ",", "x", "platform", "abc", "livekit,daily", "since=soon", "engine=go",
		"transport=udp", "3eba4b1c,3eba4b1d", "limit=3"} {
		if got, err := ParseFilter(text, now); err == nil {
			t.Errorf("%q is a filter: %+v", text, got)
		}
	}
}
