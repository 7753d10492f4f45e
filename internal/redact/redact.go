// Package redact takes credentials out of what servers say: a server, or a proxy before it, may repeat any header, in
// any form. It does not find credentials that it was not told, nor those of one or two characters.
package redact

import (
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Secrets are credentials that were sent to a server.
type Secrets struct{ forms []form }

// form is one way to write a credential. A short credential is hidden where it stands as a word of its own: within
// other words its letters are no secret, and without them no message can be read.
type form struct {
	text  string
	short bool
}

const (
	leastHidden = 3 // characters: a credential of fewer is known to everybody who tries them all
	leastInside = 8 // characters: a credential of fewer is short
)

// New is for the credentials that are not empty. Of USER:PASSWORD the password is one by itself.
func New(credentials ...string) Secrets {
	var s Secrets
	for _, c := range credentials {
		c = strings.TrimSpace(c)
		s.add(c)
		if _, password, ok := strings.Cut(c, ":"); ok {
			s.add(password)
		}
	}
	// One may be a part of another.
	slices.SortStableFunc(s.forms, func(a, b form) int {
		return cmp.Or(len(b.text)-len(a.text), cmp.Compare(a.text, b.text))
	})
	s.forms = slices.CompactFunc(s.forms, func(a, b form) bool { return a.text == b.text })
	return s
}

var percent = regexp.MustCompile(`%[0-9A-F]{2}`)

// add notes the forms of one: in a query or a path (RFC 3986), in JSON as different encoders write it, in HTML, in a
// string of a program, in hexadecimal digits, and in base64, as basic authentication has it (RFC 7617).
func (s *Secrets) add(c string) {
	size := utf8.RuneCountInString(c)
	if size < leastHidden {
		return
	}
	plain, _ := json.Marshal(c)
	quoted := string(plain[1 : len(plain)-1])
	unescaped := strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(quoted)
	ascii := strconv.QuoteToASCII(c)
	forms := append([]string{}, c, quoted, unescaped, strings.ReplaceAll(unescaped, "/", `\/`),
		strings.ReplaceAll(c, "/", `\/`), ascii[1:len(ascii)-1], html.EscapeString(c),
		hex.EncodeToString([]byte(c)), strings.ToUpper(hex.EncodeToString([]byte(c))))
	for _, escaped := range []string{url.QueryEscape(c), url.PathEscape(c),
		strings.ReplaceAll(url.QueryEscape(c), "+", "%20")} {
		forms = append(forms, escaped, percent.ReplaceAllStringFunc(escaped, strings.ToLower))
	}
	for _, e := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding,
		base64.RawURLEncoding} {
		forms = append(forms, e.EncodeToString([]byte(c)))
	}
	for _, text := range forms {
		s.forms = append(s.forms, form{text, size < leastInside})
	}
}

// signature is that of a request to AWS, which is good for a quarter of an hour.
var signature = regexp.MustCompile(`(?i)(signature["']?\s*[=:]\s*["']?)[0-9a-f]{16,}`)

// jwt is a token of the form that LiveKit has, whoever made it: its first part is an object of JSON.
var jwt = regexp.MustCompile(`eyJ[\w-]{6,}\.[\w-]{6,}\.[\w-]*`)

// Clean is text without the credentials.
func (s Secrets) Clean(text string) string {
	for _, f := range s.forms {
		if f.short {
			text = withoutWord(text, f.text)
		} else {
			text = without(text, f.text)
		}
	}
	return signature.ReplaceAllString(jwt.ReplaceAllString(text, "…"), "$1…")
}

// without is text without secret, in whichever case it stands: a firewall that reports a request may write it small.
func without(text, secret string) string {
	var b strings.Builder
	low, find := lower(text), lower(secret)
	for {
		at := strings.Index(low, find)
		if at < 0 {
			b.WriteString(text)
			return b.String()
		}
		b.WriteString(text[:at] + "…")
		text, low = text[at+len(find):], low[at+len(find):]
	}
}

// lower is text with its ASCII letters in lower case; each byte keeps its place.
func lower(text string) string {
	low := []byte(text)
	for i, c := range low {
		if 'A' <= c && c <= 'Z' {
			low[i] += 'a' - 'A'
		}
	}
	return string(low)
}

// withoutWord is text without word, where no letter and no digit stands beside one of word's own.
func withoutWord(text, word string) string {
	first, size := utf8.DecodeRuneInString(word)
	last, _ := utf8.DecodeLastRuneInString(word)
	var b strings.Builder
	done := 0 // of text
	for from := 0; ; {
		at := strings.Index(text[from:], word)
		if at < 0 {
			b.WriteString(text[done:])
			return b.String()
		}
		at += from
		end := at + len(word)
		left, _ := utf8.DecodeLastRuneInString(escape.ReplaceAllString(text[max(0, at-8):at], " "))
		right, _ := utf8.DecodeRuneInString(text[end:])
		if inWord(left) && inWord(first) || inWord(last) && inWord(right) {
			from = at + size
			continue
		}
		b.WriteString(text[done:at] + "…")
		done, from = end, end
	}
}

func inWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// escape is the end of a text that is no letter of a word: a line break in JSON, a character in a URL.
var escape = regexp.MustCompile(`(?i)(\\[nrtbf]|\\u[0-9a-f]{4}|\\x[0-9a-f]{2}|%[0-9a-f]{2})$`)

// Line is text without the credentials, on one line of at most so many bytes.
func (s Secrets) Line(text string, most int) string {
	text = strings.Join(strings.FieldsFunc(s.Clean(text), func(r rune) bool { return r <= ' ' || r == 0x7f }), " ")
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}

// Error is err with a text that Line has been over; what err wraps stays.
func (s Secrets) Error(err error, most int) error {
	if err == nil {
		return nil
	}
	return cleaned{s.Line(err.Error(), most), err}
}

type cleaned struct {
	text string
	err  error
}

func (c cleaned) Error() string { return c.text }
func (c cleaned) Unwrap() error { return c.err }

// Spelt is u as text, with its host as it was written: URL.String escapes a name that is not ASCII. What is no letter
// of any alphabet stays escaped: it may be invisible, or turn the text around.
func Spelt(u *url.URL) string {
	odd := func(r rune) bool {
		return r >= utf8.RuneSelf && !unicode.In(r, unicode.Letter, unicode.Mark, unicode.Digit)
	}
	if strings.ContainsFunc(u.Host, odd) {
		return u.String()
	}
	escaped := strings.TrimPrefix((&url.URL{Host: u.Host}).String(), "//")
	return strings.Replace(u.String(), "//"+escaped, "//"+u.Host, 1)
}

// URL is a URL without what may be secret in it: user info, query and fragment. What is no URL is "".
func URL(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	u.User, u.RawQuery, u.ForceQuery, u.Fragment, u.RawFragment = nil, "", false, "", ""
	return Spelt(u)
}
