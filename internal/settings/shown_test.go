package settings

import (
	"strings"
	"testing"

	"rtcbench/internal/benchtest"
)

func TestEditDistance(t *testing.T) {
	for pair, want := range map[[2]string]int{{"", ""}: 0, {"platfrom", "platform"}: 2, {"kitten", "sitting"}: 3,
		{"", "abc"}: 3} {
		if got := EditDistance(pair[0], pair[1]); got != want {
			t.Errorf("%q: %d, want %d", pair, got, want)
		}
	}
}

func TestShown(t *testing.T) {
	for _, v := range []string{"0", "1.5", "-3", "5m", "1d12h", "20 000", "99.9%", "abc", "LOUD", "NaN", "2026-13-45",
		"2026-11-26T01:02:33.5+01:00", "1795648320.73354", ""} {
		if got := Shown(v); got == Hidden(v) {
			t.Errorf("%q is not shown", v)
		}
	}
	for _, v := range benchtest.Secrets {
		for _, f := range []func(string) string{func(v string) string {
			return Shown(v, "livekit", "native")
		}, ShownAddress, ShownName, ShownID} {
			if got := f(v); len(v) > 20 && got != Hidden(v) {
				t.Errorf("%q is shown as %s", v, got)
			}
		}
		if got := Shown(v); got != Hidden(v) {
			t.Errorf("%q is shown as %s", v, got)
		}
		if got := ShownName("postgres://bob:" + v + "@host/runs"); strings.Contains(got, v) {
			t.Errorf("in the name of a store %q is shown as %s", v, got)
		}
		if got := ShownAddress("http://bob:" + v + "@host/" + v); got != Hidden("http://bob:"+v+"@host/"+v) {
			t.Errorf("in a URL %q is shown as %s", v, got)
		}
	}
	for value, want := range map[string]string{
		"foo://host": `"foo://host"`, "127.0.0.1:7880": `"127.0.0.1:7880"`, "my.livekit.cloud": `"my.livekit.cloud"`,
		"localhost:99999":        `"localhost:99999"`,
		"htps://x.daily.co/room": `"htps://x.daily.co/room"`, "wss:/my.livekit.cloud": `"wss:/my.livekit.cloud"`,
		":8001": `":8001"`, "[::1]:80": `"[::1]:80"`,
		"htps://x.daily.co/3eba4b1c9f00aa": `"htps://x.daily.co/…"`,
	} {
		if got := ShownAddress(value); got != want {
			t.Errorf("%q is shown as %s, want %s", value, got, want)
		}
	}
	for value, word := range map[string]string{"livkit": "livekit", "datachannel-relable": "datachannel-reliable",
		"NATIVE": "native", "eu-central": "eu-central-1"} {
		if got := Shown(value, word); got == Hidden(value) {
			t.Errorf("%q is not shown beside %q", value, word)
		}
	}
}
