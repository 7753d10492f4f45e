package bench_test

import (
	"testing"
	"time"

	"rtcbench/bench"
)

// TestPath: the path of a run is that of the pairs that carried its messages, leg by leg.
func TestPath(t *testing.T) {
	start := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	pair := func(leg bench.Leg, after time.Duration, local bench.Candidate, remote ...string) bench.ICEPair {
		p := bench.ICEPair{Leg: leg, At: start.Add(after), Local: local,
			Remote: bench.Candidate{Type: "host", Protocol: local.Protocol}}
		if len(remote) > 0 {
			p.Remote.Type = remote[0]
		}
		return p
	}
	udp, tcp := bench.Candidate{Type: "host", Protocol: "udp"}, bench.Candidate{Type: "prflx", Protocol: "tcp"}
	relay := func(by string) bench.Candidate {
		return bench.Candidate{Type: "relay", Protocol: "udp", RelayProtocol: by}
	}
	const up, down, only = bench.Publisher, bench.Subscriber, bench.Only
	for name, c := range map[string]struct {
		class bench.TransportClass
		ice   []bench.ICEPair
		want  bench.Path
	}{
		"nobody knows": {bench.DataChannelReliable, nil, ""},
		"one leg":      {bench.DataChannelLossy, []bench.ICEPair{pair(only, -1, udp)}, bench.PathUDP},
		"two alike": {bench.DataChannelReliable,
			[]bench.ICEPair{pair(down, -2, tcp), pair(up, -1, tcp)}, bench.PathTCP},
		"there and back": {bench.DataChannelReliable,
			[]bench.ICEPair{pair(down, -2, udp), pair(up, -1, tcp)}, "tcp/udp"},
		"a relay by UDP": {bench.DataChannelReliable, []bench.ICEPair{pair(only, -1, relay("udp"))},
			bench.PathRelayUDP},
		"a relay by TCP": {bench.DataChannelReliable, []bench.ICEPair{pair(only, -1, relay("tcp"))},
			bench.PathRelayTCP},
		"a relay by TLS, shouted": {bench.DataChannelReliable, []bench.ICEPair{pair(only, -1, relay("TLS"))},
			bench.PathRelayTLS},
		"a relay by TLS": {bench.DataChannelReliable, []bench.ICEPair{pair(only, -1, relay("tls"))},
			bench.PathRelayTLS},
		"a relay, of an old file": {bench.DataChannelReliable, []bench.ICEPair{pair(only, -1, relay(""))},
			bench.PathRelay},
		"the other side's relay": {bench.DataChannelReliable, []bench.ICEPair{pair(only, -1, udp, "relay")},
			bench.PathRelayUDP},
		"given up before the start": {bench.DataChannelReliable,
			[]bench.ICEPair{pair(only, -9, tcp), pair(only, -1, udp)}, bench.PathUDP},
		"another one meanwhile": {bench.DataChannelReliable,
			[]bench.ICEPair{pair(only, -9, udp), pair(only, time.Second, tcp), pair(only, 2*time.Second, udp)},
			"udp+tcp"},
		"another one after the end": {bench.DataChannelReliable,
			[]bench.ICEPair{pair(only, -9, udp), pair(only, time.Hour, tcp)}, bench.PathUDP},
		"a WebSocket beside media": {bench.SignallingWebSocket, []bench.ICEPair{pair(only, -1, udp)},
			bench.PathTCP},
		"no network": {bench.InProcess, nil, ""},
		"what no rtcbench has written": {bench.DataChannelReliable,
			[]bench.ICEPair{pair(only, -1, bench.Candidate{Type: "host", Protocol: "x"})}, ""},
	} {
		r := bench.Run{Start: start, End: start.Add(time.Minute), Facts: bench.Facts{Transport: c.class, ICE: c.ice}}
		if got := r.Path(); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		if c.want != "" && !r.Path().Valid() {
			t.Errorf("%s: %q is no path", name, r.Path())
		}
	}
	for _, p := range []bench.Path{"", "/", "udp/", "quic", "udp,tcp"} {
		if p.Valid() {
			t.Errorf("%q is a path", p)
		}
	}
}
