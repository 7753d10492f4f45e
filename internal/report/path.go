package report

import (
	"cmp"
	"fmt"
	"strings"

	"rtcbench/bench"
)

// wayName describes for people what carried the messages, and over which path.
func wayName(class bench.TransportClass, path bench.Path) string {
	name := cmp.Or(class.Label(), "unknown way")
	if path == "" || class == bench.SignallingWebSocket {
		return name
	}
	spoken := strings.NewReplacer("relay-udp", "a relay by UDP", "relay-tcp", "a relay by TCP", "relay-tls",
		"a relay by TLS", "relay", "a relay",
		"udp", "UDP", "tcp", "TCP", "/", " and back over ", "+", ", then ").Replace(string(path))
	return name + " over " + spoken
}

// shortWay is wayName in 13 columns.
func shortWay(class bench.TransportClass, path bench.Path) string {
	const columns = 13
	name := cmp.Or(class.Short(), "unknown")
	if path == "" || class == bench.SignallingWebSocket {
		return cut(name, columns)
	}
	if len(name)+1+len(path) > columns {
		name = name[:min(3, len(name))]
	}
	return cut(name+" "+string(path), columns)
}

func pathOf(r bench.Record) string { return cmp.Or(string(r.Path()), bench.Unknown) }

// known are the items of list that are not bench.Unknown.
func known(list []string) (names []string) {
	for _, name := range list {
		if name != bench.Unknown {
			names = append(names, name)
		}
	}
	return names
}

// notePaths warns about sides whose paths are not all known: they are compared all the same.
func notePaths(a, b Side) (list []string) {
	for _, side := range []struct {
		name string
		Side
	}{{"A", a}, {"B", b}} {
		if len(known(side.Paths)) < len(side.Paths) {
			list = append(list, fmt.Sprintf("%s: how the messages travelled is not known of all runs: it may be UDP, "+
				"TCP or a relay", side.name))
		}
	}
	return list
}
