package daily_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"rtcbench/bench"
	"rtcbench/internal/platform/daily"
)

// TestTokensThatMayNot: what a meeting token says of audio is known before anybody joins with it. One that says
// nothing, or nothing that can be read, is tried.
func TestTokensThatMayNot(t *testing.T) {
	for claims, want := range map[string]string{
		`{"r":"bench"}`:                                  "",
		`{"p":{"hp":true}}`:                              "",
		`{"p":{"cs":true,"cr":{"b":true}}}`:              "",
		`{"p":{"cs":"v,a"}}`:                             "",
		`{"p":{"cs":"v, a"}}`:                            "",
		`{"p":{"cs":false}}`:                             "send audio (canSend",
		`{"p":{"cs":"v,sa"}}`:                            "send audio (canSend",
		`{"p":{"cs":""}}`:                                "send audio (canSend",
		`{"p":{"cr":{"b":false}}}`:                       "hear audio (canReceive",
		`{"p":{"cr":{"b":{"v":true,"a":false}}}}`:        "hear audio (canReceive",
		`{"p":{"cr":{"b":{"v":false}}}}`:                 "",
		`{"p":{"cr":{"b":false,"u":{"echo":true}}}}`:     "",
		`{"p":{"cr":{"b":false,"p":{"a1":{"a":true}}}}}`: "",
		`{"p":{"cs":7,"cr":true}}`:                       "",
		`{"p":[]}`:                                       "",
		`{"p":{"cr":3,"cs":false}}`:                      "send audio (canSend",
		`no JSON`:                                        "",
	} {
		token := "e30." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".c2ln"
		for _, class := range []bench.TransportClass{bench.RTPAudio, bench.Turn} {
			got := daily.Refuses(token, class)
			if (got == "") != (want == "") || !strings.Contains(got, want) {
				t.Errorf("%s, %s: %q, want %q", claims, class, got, want)
			}
		}
		if got := daily.Refuses(token, ""); got != "" {
			t.Errorf("%s: for messages %q", claims, got)
		}
	}
	for _, token := range []string{"", "opaque", "a.b", "a.%.c"} {
		if got := daily.Refuses(token, bench.RTPAudio); got != "" {
			t.Errorf("%q: %q", token, got)
		}
	}
}
