package influx

import (
	"cmp"
	"net/netip"
	"net/url"
	"regexp"
	"strings"

	"rtcbench/bench"
)

// Kind is the beginning of the name of every store of this package.
const Kind = "influxdb:"

var slashes = regexp.MustCompile(`/+`)

// cleanPath is the path of a URL without slashes that have no meaning.
func cleanPath(path string) string {
	return strings.TrimRight(slashes.ReplaceAllString(path, "/"), "/")
}

// segment escapes a name as one segment of a path: a slash in the name must not look like a separator.
var segment = strings.NewReplacer("%", "%25", "/", "%2F")

// at is the parsed URL of the server; an empty URL if it is wrong.
func (o Options) at() *url.URL {
	u, err := url.Parse(o.URL)
	if err != nil {
		return &url.URL{}
	}
	return u
}

// Name is influxdb:HOST/ORGANISATION/DATABASE, without the organisation if none is named. It identifies the store.
func (o Options) Name() string {
	u := o.at()
	host := strings.ToLower(u.Hostname())
	if host = strings.TrimSuffix(host, "."); strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port := u.Port(); port != "" && port != map[string]string{"http": "80", "https": "443"}[u.Scheme] {
		host += ":" + port
	}
	name := Kind + host + cleanPath(u.Path)
	if o.Org != "" { // one server may have a bucket of this name in each
		name += "/" + segment.Replace(o.Org)
	}
	return name + "/" + segment.Replace(o.Database)
}

// plainHost is a host and port in one spelling: this machine has several names and addresses.
func plainHost(host string) string {
	u := url.URL{Host: strings.ToLower(host)}
	name, port := strings.TrimSuffix(u.Hostname(), "."), strings.TrimLeft(u.Port(), "0")
	if ip, err := netip.ParseAddr(name); err == nil {
		name = ip.Unmap().String()
	}
	if name == "127.0.0.1" || name == "::1" {
		name = "localhost"
	}
	if port == "80" || port == "443" {
		port = ""
	}
	return name + " " + port
}

// Like says whether another name may mean the store of o. The same host and database make the name near. If the
// organisation of the name is the same, too, or missing, both names mean the same store.
func (o Options) Like(name string) bench.Likeness {
	u := o.at()
	name, ok := strings.CutPrefix(name, Kind)
	host, path, cut := strings.Cut(name, "/")
	if !ok || !cut || plainHost(host) != plainHost(u.Host) {
		return bench.Another
	}
	path = "/" + path
	before, ok := strings.CutSuffix(path, "/"+segment.Replace(o.Database))
	if !ok {
		if before, ok = strings.CutSuffix(path, "/"+o.Database); !ok {
			return bench.Another
		}
	}
	base, org := cleanPath(u.Path), cmp.Or(o.Org, DefaultOrg)
	for _, same := range []string{base, base + "/" + segment.Replace(org), base + "/" + org} {
		if cleanPath(before) == cleanPath(same) {
			return bench.Same
		}
	}
	return bench.Near
}
