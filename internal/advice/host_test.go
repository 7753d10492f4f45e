package advice_test

import (
	"testing"

	"rtcbench/internal/advice"
)

// TestHostsInOtherAlphabets are reached by the names that DNS has, and all others by what the user wrote.
func TestHostsInOtherAlphabets(t *testing.T) {
	for typed, want := range map[string]string{
		"wss://münchen.example":             "wss://xn--mnchen-3ya.example",
		"ws://MÜNCHEN.example:7880/Pfad?x=": "ws://xn--mnchen-3ya.example:7880/Pfad?x=",
		"https://日本.example/":               "https://xn--wgv71a.example/",
		"wss://m%C3%BCnchen.example":        "wss://xn--mnchen-3ya.example",
		"wss://my_host.example:443/ü":       "wss://my_host.example:443/ü",
		"ws://[fe80::1%25eth0]:7880":        "ws://[fe80::1%25eth0]:7880",
		"wss://a\u200bb.example":            "wss://ab.example",  // a space of no width means nothing in a name
		"wss://-ü-.example":                 "wss://-ü-.example", // no name of DNS
		":":                                 ":",
	} {
		if got := advice.ASCIIURL(typed); got != want {
			t.Errorf("%q: %q, want %q", typed, got, want)
		}
	}
}
