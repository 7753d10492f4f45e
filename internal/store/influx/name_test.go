package influx

import (
	"strings"
	"testing"

	"rtcbench/bench"
)

// TestSpellingsOfAnInfluxDB: names that lead to one store are one, and two stores stay two.
func TestSpellingsOfAnInfluxDB(t *testing.T) {
	for _, c := range []struct {
		was, now string // URL organisation database
		like     bench.Likeness
	}{
		{"http://Db.Example:8086/ o d", "http://db.example:8086 o d", bench.Same},
		{"http://db.example:8086// o d", "http://db.example.:8086 o d", bench.Same},
		{"http://db.example o d", "https://db.example:443 o d", bench.Same},
		{"http://db.example:80/base/ o d", "http://db.example//base o d", bench.Same},
		{"http://localhost:8086 o d", "http://127.0.0.1:8086 o d", bench.Same},
		{"http://[::1]:8086 - d", "http://LOCALHOST:8086 - d", bench.Same},
		{"http://db:8086 - d", "http://db:8086 o d", bench.Same},
		{"http://[0:0:0:0:0:0:0:1]:8086 - d", "HTTPS://[::ffff:127.0.0.1]:08086/ - d", bench.Same},
		{"http://db/%7Ea//b/ - d", "http://DB:80/~a/b - d", bench.Same},
		{"http://db:8086 o d/rp", "http://DB:8086 o d/rp", bench.Same},
		{"http://db:8086 default d", "http://db:8086 - d", bench.Same},
		{"http://db:8086 - d", "http://db:8086 default d", bench.Same},
		{"http://db:8086 o d", "http://db:8086 p d", bench.Near},
		{"http://db:8086 o d", "http://db:8086 - d", bench.Near},
		{"http://db:8086/api/v2/write o d", "http://db:8086 o d", bench.Near},
		{"http://db:8086 o d", "http://db:8086 o D", bench.Another},
		{"http://db:8086 o my/d", "http://db:8086 o d", bench.Another},
		{"http://db:8086 o d", "http://db:8087 o d", bench.Another},
		{"http://db:8086 o d", "http://db2:8086 o d", bench.Another},
	} {
		options := func(s string) Options {
			f := strings.Fields(s)
			return Options{URL: f[0], Org: strings.Trim(f[1], "-"), Database: f[2]}
		}
		was, now := options(c.was).Name(), options(c.now)
		if got := now.Like(was); got != c.like {
			t.Errorf("%s (%s) and %s: %v, want %v", c.was, was, c.now, got, c.like)
		}
	}
	// As rtcbench named them before.
	like := Options{URL: "http://db.example:80/", Org: "o", Database: "my/d"}.Like
	if like("influxdb:DB.example:80/o/my/d") != bench.Same || like("sqlite:/x/my/d") != bench.Another {
		t.Error("a name of an older version is not known")
	}
}
