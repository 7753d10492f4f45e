package advice

import (
	"net"
	"net/url"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// ASCIIHost is the name of a host as DNS has it: münchen.example is xn--mnchen-3ya.example there (RFC 5891). A name in
// ASCII, and one that is none, stay as they are. net/http does this by itself; other clients, and the rules of a
// browser, do not.
func ASCIIHost(name string) string {
	if strings.IndexFunc(name, func(r rune) bool { return r >= utf8.RuneSelf }) < 0 {
		return name
	}
	if ascii, err := idna.Lookup.ToASCII(name); err == nil {
		return ascii
	}
	return name
}

// ASCIIURL is a URL with its host as ASCIIHost gives it.
func ASCIIURL(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return raw
	}
	name, port := ASCIIHost(u.Hostname()), u.Port()
	if name == u.Hostname() {
		return raw
	}
	if u.Host = name; port != "" {
		u.Host = net.JoinHostPort(name, port)
	}
	return u.String()
}
