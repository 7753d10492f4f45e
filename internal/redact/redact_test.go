package redact

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// A firewall that reports what it was sent writes it in one case, beside bytes that are no text.
func TestCleanInAnyCase(t *testing.T) {
	s := New("Zx9tokenSECRETvalue77")
	for said, want := range map[string]string{
		"matched zx9tokensecretvalue77, refused": "matched …, refused",
		"ZX9TOKENSECRETVALUE77":                  "…",
		"\xff\u00e9 Zx9Tokensecretvalue77 \xff!": "\xff\u00e9 … \xff!",
		"a token, and its SECRET value":          "a token, and its SECRET value",
	} {
		if got := s.Clean(said); got != want {
			t.Errorf("%q became %q", said, got)
		}
	}
}

// Whatever a server makes of what it was sent, no credential is in it.
func TestClean(t *testing.T) {
	const token, password = `FwoGZXIvYXdzEB/+a&b<c"d==é`, `p&ss "w<rd/`
	s := New(token+"\n", "bob:"+password, "")
	for _, c := range []string{token, password} {
		marshalled, _ := json.Marshal(map[string]string{"header": c})
		r, _ := http.NewRequest("GET", "http://h", nil)
		r.SetBasicAuth("bob", c)
		for _, said := range []string{
			c, url.QueryEscape(c), percent.ReplaceAllStringFunc(url.QueryEscape(c), strings.ToLower), url.PathEscape(c),
			string(marshalled), fmt.Sprintf("%q", c), fmt.Sprintf("%+q", c),
			strings.ReplaceAll(c, "/", `\/`), html.EscapeString(c), hex.EncodeToString([]byte(c)),
			base64.StdEncoding.EncodeToString([]byte(c)),
			base64.RawURLEncoding.EncodeToString([]byte(c)), c + "\r\n" + c,
		} {
			if got := s.Clean("x " + said + " y"); !strings.Contains(got, "…") || strings.Contains(got, c[3:8]) ||
				strings.Contains(got, said) {
				t.Errorf("%q becomes %q", said, got)
			}
		}
	}
	r, _ := http.NewRequest("GET", "http://h", nil)
	r.SetBasicAuth("bob", password)
	if got := s.Clean(r.Header.Get("Authorization")); got != "Basic …" {
		t.Error(got)
	}
	const signed = "AWS4-HMAC-SHA256 Credential=x, SignedHeaders=host, Signature=0123456789abcdef0123456789abcdef"
	if got := s.Clean(signed); strings.Contains(got, "0123456789") {
		t.Error(got)
	}
	if text := "nothing of it"; New().Clean(text) != text || New("", ":").Clean(text) != text {
		t.Error("it is changed")
	}
	err := s.Error(fmt.Errorf("a\nb %s: %w", password, io.EOF), 100)
	if !errors.Is(err, io.EOF) || err.Error() != "a b …: EOF" || New().Error(nil, 9) != nil {
		t.Error(err)
	}
	if got := s.Line(strings.Repeat("é", 50), 9); got != "éééé…" {
		t.Error(got)
	}
}

// TestURLsInOtherAlphabets are shown as they were written.
func TestURLsInOtherAlphabets(t *testing.T) {
	for typed, want := range map[string]string{
		"wss://bob:secret@münchen.example:7880/r?t=secret": "wss://münchen.example:7880/r",
		"https://日本.example":                               "https://日本.example",
		"https://xn--wgv71a.example":                       "https://xn--wgv71a.example",
		"https://a\u0085b.example/":                        "https://a%C2%85b.example/",
	} {
		if got := URL(typed); got != want {
			t.Errorf("%q: %q, want %q", typed, got, want)
		}
	}
}
