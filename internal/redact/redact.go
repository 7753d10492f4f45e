// Package redact takes credentials out of what servers say: a server, or a proxy before it, may repeat any header, in
// any form. It does not find credentials that it was not told.
package redact

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Secrets are credentials that were sent to a server.
type Secrets struct{ forms []string }

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
	s.forms = slices.DeleteFunc(s.forms, func(f string) bool { return f == "" })
	// One may be a part of another.
	slices.SortFunc(s.forms, func(a, b string) int { return len(b) - len(a) })
	s.forms = slices.Compact(s.forms)
	return s
}

var percent = regexp.MustCompile(`%[0-9A-F]{2}`)

// add notes the forms of one: in a query or a path (RFC 3986), in JSON as different encoders write it, in HTML, in a
// string of a program, in hexadecimal digits, and in base64, as basic authentication has it (RFC 7617).
func (s *Secrets) add(c string) {
	plain, _ := json.Marshal(c)
	quoted := string(plain[1 : len(plain)-1])
	unescaped := strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(quoted)
	ascii := strconv.QuoteToASCII(c)
	s.forms = append(s.forms, c, quoted, unescaped, strings.ReplaceAll(unescaped, "/", `\/`),
		strings.ReplaceAll(c, "/", `\/`), ascii[1:len(ascii)-1], html.EscapeString(c),
		hex.EncodeToString([]byte(c)), strings.ToUpper(hex.EncodeToString([]byte(c))))
	for _, escaped := range []string{url.QueryEscape(c), url.PathEscape(c),
		strings.ReplaceAll(url.QueryEscape(c), "+", "%20")} {
		s.forms = append(s.forms, escaped, percent.ReplaceAllStringFunc(escaped, strings.ToLower))
	}
	for _, e := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding,
		base64.RawURLEncoding} {
		s.forms = append(s.forms, e.EncodeToString([]byte(c)))
	}
}

// signature is that of a request to AWS, which is good for a quarter of an hour.
var signature = regexp.MustCompile(`(?i)(signature["']?\s*[=:]\s*["']?)[0-9a-f]{16,}`)

// jwt is a token of the form that LiveKit has, whoever made it: its first part is an object of JSON.
var jwt = regexp.MustCompile(`eyJ[\w-]{6,}\.[\w-]{6,}\.[\w-]*`)

// Clean is text without the credentials.
func (s Secrets) Clean(text string) string {
	for _, f := range s.forms {
		text = strings.ReplaceAll(text, f, "…")
	}
	return signature.ReplaceAllString(jwt.ReplaceAllString(text, "…"), "$1…")
}

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

// URL is a URL without what may be secret in it: user info, query and fragment. What is no URL is "".
func URL(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	u.User, u.RawQuery, u.ForceQuery, u.Fragment, u.RawFragment = nil, "", false, "", ""
	return u.String()
}
