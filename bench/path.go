package bench

import (
	"cmp"
	"iter"
	"slices"
	"strings"
	"time"
)

// Path says how messages really travelled. Where a run's path is not the same on all legs, or changes, Path names each
// part: "tcp/udp" is tcp from the runner to the server and udp back, "udp+tcp" is udp first, and then tcp too.
type Path string

const (
	PathUDP      Path = "udp"
	PathTCP      Path = "tcp"
	PathRelayUDP Path = "relay-udp" // by a TURN server, which was reached by UDP
	PathRelayTCP Path = "relay-tcp"
	PathRelayTLS Path = "relay-tls"
	PathRelay    Path = "relay" // by a TURN server; nobody kept how it was reached
)

// Paths are the paths of one part of the way.
var Paths = []Path{PathUDP, PathTCP, PathRelayUDP, PathRelayTCP, PathRelayTLS, PathRelay}

// Valid reports whether p consists of known paths only.
func (p Path) Valid() bool {
	for part := range strings.SplitSeq(strings.ReplaceAll(string(p), "+", "/"), "/") {
		if !slices.Contains(Paths, Path(part)) {
			return false
		}
	}
	return true
}

// Path is how the messages of a selected pair travel; "" = not known.
func (p ICEPair) Path() Path {
	const relay = "relay"
	protocol := strings.ToLower(cmp.Or(p.Local.Protocol, p.Remote.Protocol))
	if protocol == "ssltcp" { // as older Chromiums call what looks like TLS and is none
		protocol = "tcp"
	}
	switch {
	case p.Local.Type == relay:
		return map[string]Path{"udp": PathRelayUDP, "dtls": PathRelayUDP, "tcp": PathRelayTCP, "tls": PathRelayTLS,
			"": PathRelay}[strings.ToLower(p.Local.RelayProtocol)]
	case p.Remote.Type == relay:
		return map[string]Path{"udp": PathRelayUDP, "tcp": PathRelayTCP}[protocol]
	}
	return map[string]Path{"udp": PathUDP, "tcp": PathTCP}[protocol]
}

// LegPath is how the messages of one leg travelled.
type LegPath struct {
	Leg  Leg
	Path Path
}

// Legs says of each leg of a data channel how its messages travelled between the start and the end of the run. A pair
// that was given up before the start carried none of them.
func (r Run) Legs() (list []LegPath) {
	for _, leg := range []Leg{Publisher, Subscriber, Only} {
		var ways []string
		for _, p := range r.Facts.ICE {
			way := string(p.Path())
			switch {
			case p.Leg != leg || way == "":
			case !p.At.After(r.Start.Add(time.Millisecond)): // results keep times of day less exactly
				ways = []string{way}
			case len(ways) == 0, !slices.Contains(ways, way) && !p.At.After(r.End):
				ways = append(ways, way)
			}
		}
		if len(ways) > 0 {
			list = append(list, LegPath{leg, Path(strings.Join(ways, "+"))})
		}
	}
	return list
}

// Path is how the messages of the run travelled; "" = not known.
func (r Run) Path() Path {
	switch r.Facts.Transport {
	case SignallingWebSocket:
		return PathTCP
	case InProcess:
		return ""
	}
	var ways []string
	for _, l := range r.Legs() {
		ways = append(ways, string(l.Path))
	}
	if len(slices.Compact(slices.Clone(ways))) == 1 {
		ways = ways[:1]
	}
	return Path(strings.Join(ways, "/"))
}

// RunsOnWay gives the runs that q asks for, for a store that cannot search by the path and by the echo's place. read
// gives the runs of a query that asks for any path and any place.
func RunsOnWay(q Query, read func(Query) iter.Seq2[Run, error]) iter.Seq2[Run, error] {
	if q.Path == "" && q.Echo == "" {
		return read(q)
	}
	all := q
	all.Path, all.Echo, all.Limit = "", "", 0
	return func(yield func(Run, error) bool) {
		var last []Run // the last q.Limit
		for r, err := range read(all) {
			switch {
			case err == nil && !q.OfSeries(SeriesOf(r)):
			case err == nil && q.Limit > 0:
				last = append(last[max(0, len(last)+1-q.Limit):], r)
			case !yield(r, err):
				return
			}
		}
		for _, r := range last {
			if !yield(r, nil) {
				return
			}
		}
	}
}
