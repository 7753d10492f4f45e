package cli

import "testing"

func TestShown(t *testing.T) {
	for _, v := range []string{"0", "1.5", "-3", "5m", "1d12h", "20 000", "99.9%", "abc", "LOUD", "NaN", "2026-13-45", "2026-11-26T01:02:33.5+01:00", "1795648320.73354", ""} {
		if got := shown(v); got == hidden(v) {
			t.Errorf("%q is not shown", v)
		}
	}
	for _, v := range secretsToHide {
		for _, f := range []func(string) string{func(v string) string { return shown(v, "livekit", "native") }, shownAddress, shownName, shownOperand, shownID} {
			if got := f(v); len(v) > 20 && got != hidden(v) {
				t.Errorf("%q is shown as %s", v, got)
			}
		}
		if got := shown(v); got != hidden(v) {
			t.Errorf("%q is shown as %s", v, got)
		}
		if got := shownAddress("http://bob:" + v + "@host/" + v); got != hidden("http://bob:"+v+"@host/"+v) {
			t.Errorf("in a URL %q is shown as %s", v, got)
		}
	}
	for value, want := range map[string]string{
		"foo://host": `"foo://host"`, "127.0.0.1:7880": `"127.0.0.1:7880"`, "my.livekit.cloud": `"my.livekit.cloud"`, "localhost:99999": `"localhost:99999"`,
		"htps://x.daily.co/room": `"htps://x.daily.co/room"`, "wss:/my.livekit.cloud": `"wss:/my.livekit.cloud"`, ":8001": `":8001"`, "[::1]:80": `"[::1]:80"`,
		"htps://x.daily.co/3eba4b1c9f00aa": `"htps://x.daily.co/…"`,
	} {
		if got := shownAddress(value); got != want {
			t.Errorf("%q is shown as %s, want %s", value, got, want)
		}
	}
	for value, word := range map[string]string{"livkit": "livekit", "datachannel-relable": "datachannel-reliable", "NATIVE": "native", "eu-central": "eu-central-1"} {
		if got := shown(value, word); got == hidden(value) {
			t.Errorf("%q is not shown beside %q", value, word)
		}
	}
}

// secretsToHide are of the forms that people have: of LiveKit, Daily, InfluxDB, and of their own.
var secretsToHide = []string{
	"abcdefghijklmnopqrstuvwxyz0123456789", "xMnOqa0W8oCkJcfbPZ3rXUmhVeTqKyLdRfGsBnAoIzE", "hunter2", "bob:pa$Word1", "APIbXn5LhFyTk3Q",
	"eyJhbGciOiJIUzI1NiJ9.eyJ2aWRlbyI6e319.c2lnbmF0dXJl", "3f9a0c7be15d48263f9a0c7be15d48263f9a0c7be15d48263f9a0c7be15d4826",
	"q8RkT0pWzXvY2nLbJ4hGfD6sA1cE3uIoM5yK7wQ9rN_tB-VxZlPjHgFdSaUeOiCm0==",
}
