package redact

import (
	"net/http"
	"testing"
)

// TestShortCredentials: a message can still be read where the password is a letter, and a short one is hidden where it
// stands as a word of its own, in whatever form.
func TestShortCredentials(t *testing.T) {
	r, _ := http.NewRequest("GET", "http://h", nil)
	r.SetBasicAuth("bob", "ab")
	for _, c := range []struct{ secret, said, want string }{
		{"a", "it does not accept a token", "it does not accept a token"},
		{"bob:e", "ask it: the server refused", "ask it: the server refused"},
		{"bob:ab", "about: ab, cab, bob:ab", "about: ab, cab, …"},
		{"bob:ab", r.Header.Get("Authorization"), "Basic …"},
		{"é", "é, né", "é, né"},
		{"root", "root: uprooted roots of root@h, /root/ and root", "…: uprooted roots of …@h, /…/ and …"},
		{"bob:pw1", `{"password":"pw1","n":"pw12"}`, `{"password":"…","n":"pw12"}`},
		{"aaa", "xaaaa aaa", "xaaaa …"},
		{"pw1", `line\npw1\tx%20pw1%20 %3Apw1`, `line\n…\tx%20…%20 %3A…`},
		{"p$1", "xp$1x p$1 p$1x", "xp$1x … p$1x"},
		{"$p$", "x$p$x", "x…x"},
		{"töö", "töö, tööt", "…, tööt"},
		{"abcd", "61626364 0x61626364 YWJjZA== 5616263645", "… 0x61626364 … 5616263645"},
		{"longword", "longwords", "…s"},
	} {
		if got := New(c.secret).Clean(c.said); got != c.want {
			t.Errorf("%q without %q is %q, want %q", c.said, c.secret, got, c.want)
		}
	}
}
