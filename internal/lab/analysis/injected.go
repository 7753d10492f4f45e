// Package analysis holds a run that was measured in the lab against what the lab's router did to each of its packets:
// the known answer, ping by ping, and what the instrument got wrong.
package analysis

import (
	"slices"
	"sort"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/lab"
)

// Injection is what the router did to one ping and its pong.
type Injection struct {
	Seq      uint32
	Up, Down time.Duration // through the router, both hops of each
	// What passed outside the router: in the runner before the ping reached it, in the server both times, in the echo,
	// and in the runner after the pong left it.
	Sending, Server, Echo time.Duration
	// After the ping was sent: when it left the router for the echo, and when its pong came back from there.
	AtEcho, FromEcho time.Duration
	// When it came to the router on each hop, after the router's start.
	Arrived [4]time.Duration
	OK      bool // on each hop exactly one packet can have been the ping, and was carried
	Dropped bool // … or the router dropped the packet: the ping was sent again, or is lost

	// Of audio packets, which are known one by one: the hop on which the router dropped it; -1 = on none, or not known.
	DroppedOn int
}

// partNames are the pieces of a round trip outside the router.
var partNames = [...]string{"runner, sending", "server, both ways", "echo", "runner, receiving"}

// parts are how long a ping with that round trip was in each of partNames.
func (i Injection) parts(rtt time.Duration) [len(partNames)]time.Duration {
	return [...]time.Duration{i.Sending, i.Server, i.Echo, rtt - i.RTT() - i.Sending - i.Server - i.Echo}
}

// RTT is what of the ping's round trip was injected.
func (i Injection) RTT() time.Duration { return i.Up + i.Down }

const (
	// hopWindow is how long after leaving one hop a ping is looked for on the next: what the program or the server
	// needs to pass the ping on, or half the time between pings, where that is less. If two packets of its kind come in
	// that time, nobody can tell which of them was the ping. If no packet comes, the search goes on until the next ping
	// may be there.
	hopWindow = 20 * time.Millisecond
	// clockTolerance is how much earlier than its sample says a ping may have come to the router, for the two clocks
	// are read at different moments.
	clockTolerance = 100 * time.Microsecond
)

// smallest is the least size of a packet with a ping in it, in bytes: its JSON, LiveKit's envelope, SCTP, DTLS, UDP and
// IP. Acknowledgements, STUN and RTCP are smaller. Audio packets may be as small as these, and are recognised by their
// exact size.
const smallest = 160

func mayBePing(r lab.Record, class bench.TransportClass) bool {
	return r.UDP && (r.Size >= smallest || class == bench.RTPAudio) && r.Fate != lab.Unroutable && !r.Copy
}

// Injected follows each ping of run through the log, hop by hop, by the times at which it must have come: runner to
// server, server to echo, and back. The list has one entry a sample.
func Injected(log lab.Log, run bench.Run) []Injection {
	var hops [4][]lab.Record
	for _, r := range log.Records {
		if i := hopOf(r); i >= 0 && mayBePing(r, run.Facts.Transport) {
			hops[i] = append(hops[i], r)
		}
	}
	window := hopWindow
	if run.Plan.Cooldown > 0 {
		window = min(window, run.Plan.Cooldown/2)
	}
	start := run.Start.Sub(log.Start)
	if run.Facts.Transport == bench.RTPAudio {
		if list, ok := bySize(hops, run, start); ok {
			return list
		}
	}
	list, at := make([]Injection, len(run.Samples)), make([]time.Duration, len(run.Samples))
	for i, s := range run.Samples {
		list[i] = Injection{Seq: s.Seq, OK: s.Outcome != bench.NotSent, DroppedOn: -1}
		at[i] = start + s.Sent
	}
	for h := range hops {
		before := false // the previous ping was found on this hop
		for i := range list {
			if !list[i].OK {
				before = false
				continue
			}
			begin := at[i] - clockTolerance
			r, found := only(hops[h], begin, at[i]+window)
			if !found && before && i+1 < len(list) && at[i+1] > at[i]+window+clockTolerance {
				// A packet that comes before the next ping can come is this ping, late: without it the slow pings would
				// be missing.
				r, found = only(hops[h], begin, at[i+1]-clockTolerance-1)
			}
			before = found
			list[i].follow(h, r, found, &at[i], start+run.Samples[i].Sent)
		}
	}
	return list
}

// follow notes what the router did to a ping on a hop, and moves at to the moment at which the ping left that hop. sent
// is when the ping was sent.
func (in *Injection) follow(hop int, r lab.Record, found bool, at *time.Duration, sent time.Duration) {
	if in.pass(hop, r, found, *at); in.OK {
		*at, in.Arrived[hop] = r.Left, r.Arrived
	} else if found {
		in.DroppedOn = hop
	}
	switch hop {
	case 1:
		in.AtEcho = r.Left - sent
	case 2:
		in.FromEcho = r.Arrived - sent
	}
}

// pass notes what the router did to a ping on a hop. The ping could come to that hop from at on.
func (in *Injection) pass(hop int, r lab.Record, found bool, at time.Duration) {
	if !found || r.Fate != lab.Carried {
		in.OK, in.Dropped = false, found
		return
	}
	switch inside := r.Arrived - at; hop {
	case 0:
		in.Sending = inside
	case 2:
		in.Echo = inside
	default:
		in.Server += inside
	}
	if hop < 2 {
		in.Up += r.Delay()
	} else {
		in.Down += r.Delay()
	}
}

// wayThere are the four hops of a ping and its pong, in their order.
var wayThere = [4][2]lab.Place{{lab.Runner, lab.SFU}, {lab.SFU, lab.Echo}, {lab.Echo, lab.SFU}, {lab.SFU, lab.Runner}}

func hopOf(r lab.Record) int { return slices.Index(wayThere[:], [2]lab.Place{r.From, r.To}) }

// only is the record that arrived from begin to end, if exactly one did.
func only(list []lab.Record, begin, end time.Duration) (lab.Record, bool) {
	i := sort.Search(len(list), func(i int) bool { return list[i].Arrived >= begin })
	if i == len(list) || list[i].Arrived > end || i+1 < len(list) && list[i+1].Arrived <= end {
		return lab.Record{}, false
	}
	return list[i], true
}
