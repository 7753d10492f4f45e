package browser

import (
	"net"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"

	"rtcbench/internal/environment"
)

// reach gives Chromium's rules for names. They hold for everything in the browser: for its pages, and for what it does
// by itself. A name that no room needs is not found, also where a proxy would look it up. Addresses are not names: a
// server of media tells its own by address. The rules are needed because a page's policy governs that page alone, and
// not what WebRTC does in it.
//
// requests are the rules for URLs. lookups are the rules for names that are looked up, among them a proxy's own.
// https://chromium.googlesource.com/chromium/src/+/HEAD/net/base/host_mapping_rules.h
func reach(rooms []JoinConfig, e environment.Environment) (requests, lookups string) {
	names := []string{"*:*", "localhost"} // an address of IPv6, and this machine
	for _, digit := range "0123456789" {
		names = append(names, "*"+string(digit)) // an address of IPv4: no name of the Internet ends so
	}
	for _, c := range rooms {
		for _, h := range hosts(asciiHosts(c)) {
			names = append(names, kin(h)...)
		}
		names = append(names, c.Page.Relays...)
	}
	requests = rules(nobody, names)
	for _, variable := range proxyVariables {
		if proxy := withoutUser(e.Get(variable)); proxy != "" {
			if u, err := url.Parse(proxy); err == nil {
				names = append(names, u.Hostname())
			}
		}
	}
	return requests, rules("~NOTFOUND", names)
}

// nobody is the address to which requests for other hosts are sent: no proxy is asked for this machine, and nothing
// listens on that port. A rule for requests cannot say that a name is not found.
const nobody = "127.0.0.1:1"

func rules(to string, names []string) string {
	text := "MAP * " + to
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		if name != "" && !strings.ContainsAny(name, ", ") {
			text += ", EXCLUDE " + name
		}
	}
	return text
}

// kin is a host without its port, and the hosts that belong to the same owner: a LiveKit server at rtc.example.com
// names its TURN server, turn.example.com.
func kin(h string) []string {
	name := h
	if host, _, err := net.SplitHostPort(h); err == nil {
		name = host
	}
	if name == "*" || name == "" || net.ParseIP(name) != nil {
		return nil
	}
	if strings.HasPrefix(name, "*.") {
		return []string{name}
	}
	owner, err := publicsuffix.EffectiveTLDPlusOne(name)
	if err != nil { // localhost, a name of a local network
		return []string{name}
	}
	return []string{name, owner, "*." + owner}
}
