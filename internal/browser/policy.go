package browser

import (
	"net"
	"net/url"
	"slices"
	"strings"

	"rtcbench/internal/advice"
)

// asciiHosts is c with its hosts as DNS has them: a browser's rules and a page's policy name a host by no other name.
func asciiHosts(c JoinConfig) JoinConfig {
	c.URL, c.BundleURL = advice.ASCIIURL(c.URL), advice.ASCIIURL(c.BundleURL)
	return c
}

// hosts are the hosts that a page needs, as host or host:port: those of its platform, and those that were named.
func hosts(c JoinConfig) []string {
	room := host(c.URL)
	list := append(slices.Clone(c.Page.Hosts), host(c.BundleURL), room)
	for _, family := range c.Page.Family {
		if name, _, _ := strings.Cut(room, ":"); strings.HasSuffix(name, family) {
			list = append(list, "*"+family)
		}
	}
	return slices.DeleteFunc(list, func(h string) bool { return h == "" })
}

// policy is a page's Content-Security-Policy: it connects to its platform's hosts and to nothing else. An SDK that
// evaluates code fetches that from these hosts as well.
func policy(c JoinConfig) string {
	list := hosts(c)
	scripts, workers := "'self'", "'self'"
	if c.Page.Evaluates {
		scripts += " 'unsafe-eval' blob: " + strings.Join(sources(list, "https", "http"), " ")
		workers += " blob:"
	}
	return "default-src 'none'; script-src " + scripts + "; worker-src " + workers +
		"; connect-src 'self' " + strings.Join(sources(list, "https", "wss", "http", "ws"), " ") +
		"; media-src blob:; base-uri 'none'; form-action 'none'"
}

// sources names each host with each scheme. Hosts with a wildcard get the encrypted schemes alone.
func sources(hosts []string, schemes ...string) (list []string) {
	for _, h := range hosts {
		for _, scheme := range schemes {
			wild := strings.HasPrefix(h, "*.")
			switch {
			case wild && !strings.HasSuffix(scheme, "s"):
			case wild:
				list = append(list, scheme+"://"+h+":*")
			default:
				list = append(list, scheme+"://"+h)
			}
		}
	}
	return list
}

// host is the host and port of a URL, in the form in which a policy can name it. A policy knows no IPv6 addresses: for
// them it names every host on that port.
func host(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || strings.ContainsAny(u.Host, " ;,'\"") {
		return ""
	}
	if ip := net.ParseIP(u.Hostname()); ip == nil || ip.To4() != nil {
		return u.Host
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "ws": "80"}[u.Scheme]
	}
	if port == "" {
		port = "443"
	}
	return "*:" + port
}
