package settings_test

import (
	"strings"
	"testing"

	"rtcbench/internal/benchtest"
	"rtcbench/internal/settings"
)

// What an error repeats of the command line and of variables is hidden where it may be a secret, wherever in a path or
// a list it stands; other names are shown.
func TestAnErrorThatRepeatsWhatWasGiven(t *testing.T) {
	secret := benchtest.Secrets[1]
	set := settings.New(func(name string) (string, bool) { return benchtest.Secrets[5], name == "CHROME_PATH" }, "")
	set.Get("CHROME_PATH")
	for _, c := range []struct{ arg, text string }{
		{secret, "open " + secret + ": no such file"},
		{"--chrome-path=" + secret, `no Chromium at "` + secret + `"`},
		{"--output=/tmp/" + secret + "/x.json", `no folder "/tmp/` + secret + `"`},
		{"a,b," + secret, "no place " + secret},
		{"x", "exec: " + benchtest.Secrets[5]},
	} {
		got := set.Censored(c.text, []string{"livekit", c.arg})
		if strings.Contains(got, secret) || strings.Contains(got, benchtest.Secrets[5]) ||
			!strings.Contains(got, "not shown") {
			t.Errorf("%s: %s", c.arg, got)
		}
	}
	if got := set.Censored("open run.json: no such file", []string{"import", "run.json"}); got !=
		"open run.json: no such file" {
		t.Error(got)
	}
}
