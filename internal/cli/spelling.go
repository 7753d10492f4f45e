package cli

import (
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"rtcbench/internal/outbox"
)

// Runs wait for a store by its name. A name can be spelt in several ways, and be corrected: these functions say which
// names are one store. docs/stores.md has the rules.

var slashes = regexp.MustCompile(`/+`)

// path of a URL, without slashes that say nothing.
func cleanPath(path string) string {
	return strings.TrimRight(slashes.ReplaceAllString(path, "/"), "/")
}

// segment is a name as a part of a path: one that has a slash in it must not look like two.
var segment = strings.NewReplacer("%", "%25", "/", "%2F")

// influxName is what runs wait for.
func influxName(u *url.URL, org, database string) string {
	host := strings.ToLower(u.Hostname())
	if host = strings.TrimSuffix(host, "."); strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port := u.Port(); port != "" && port != map[string]string{"http": "80", "https": "443"}[u.Scheme] {
		host += ":" + port
	}
	name := "influxdb:" + host + cleanPath(u.Path)
	if org != "" { // one server may have a bucket of this name in each
		name += "/" + segment.Replace(org)
	}
	return name + "/" + segment.Replace(database)
}

// plainHost is a host and its port in one spelling: this machine has several names, and an address too.
func plainHost(host string) string {
	u := url.URL{Host: strings.ToLower(host)}
	name, port := strings.TrimSuffix(u.Hostname(), "."), u.Port()
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

// influxLike says what another name has to do with the store at u: the same host and database make it near, the same
// organisation, or none in the other name, make it the same.
func influxLike(u *url.URL, org, database string) func(name string) outbox.Likeness {
	return func(name string) outbox.Likeness {
		name, ok := strings.CutPrefix(name, "influxdb:")
		host, path, cut := strings.Cut(name, "/")
		if !ok || !cut || plainHost(host) != plainHost(u.Host) {
			return outbox.Another
		}
		path = "/" + path
		before, ok := strings.CutSuffix(path, "/"+segment.Replace(database))
		if !ok {
			if before, ok = strings.CutSuffix(path, "/"+database); !ok {
				return outbox.Another
			}
		}
		base := cleanPath(u.Path)
		for _, same := range []string{base, base + "/" + segment.Replace(org), base + "/" + org} {
			if cleanPath(before) == cleanPath(same) {
				return outbox.Same
			}
		}
		return outbox.Near
	}
}

// sqliteLike says whether another name leads to the file at path.
func sqliteLike(path string) func(name string) outbox.Likeness {
	return func(name string) outbox.Likeness {
		other, ok := strings.CutPrefix(name, "sqlite:")
		if ok && (realPath(other) == realPath(path) || sameFile(other, path)) {
			return outbox.Same
		}
		return outbox.Another
	}
}

// realPath is path through no link of its folder.
func realPath(path string) string {
	if dir, err := filepath.EvalSymlinks(filepath.Dir(path)); err == nil {
		return filepath.Join(dir, filepath.Base(path))
	}
	return filepath.Clean(path)
}

func sameFile(a, b string) bool {
	one, err := os.Stat(a)
	other, missing := os.Stat(b)
	return err == nil && missing == nil && os.SameFile(one, other)
}
