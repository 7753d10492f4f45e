package lab

import (
	"container/heap"
	"encoding/binary"
	"net/netip"
	"time"
)

// exchange is the router without its sockets and without a clock. Its caller tells it when a packet came, and it tells
// the caller when a packet is to leave.
type exchange struct {
	lines  [places][places]*line // nil = there is no way
	away   func(time.Duration) bool
	places map[netip.Addr]Place
	queue  departures
	log    []Record
	order  uint64
}

// newExchange has the ways of s. The same seed draws the same fates for the same packets.
func newExchange(s Scenario, seed uint64) *exchange {
	x := &exchange{places: map[netip.Addr]Place{}, away: s.Away}
	for p := range places {
		x.places[netip.MustParseAddr(p.Address())] = p
	}
	// The runner and the echo have no way to each other but through the server: so it is on the platforms.
	for i, w := range []struct {
		from, to Place
		way      Way
	}{
		{Runner, SFU, s.RunnerSFU.Up}, {SFU, Runner, s.RunnerSFU.Down},
		{SFU, Echo, s.SFUEcho.Up}, {Echo, SFU, s.SFUEcho.Down},
	} {
		x.lines[w.from][w.to] = newLine(w.way, seed, uint64(i))
	}
	return x
}

// departure is a packet that waits for its time.
type departure struct {
	due    time.Duration
	order  uint64 // among those of one time: first come, first go
	packet []byte
	record int // in the log
}

type departures []departure

func (d departures) Len() int { return len(d) }
func (d departures) Less(i, j int) bool {
	if d[i].due != d[j].due {
		return d[i].due < d[j].due
	}
	return d[i].order < d[j].order
}
func (d departures) Swap(i, j int) { d[i], d[j] = d[j], d[i] }
func (d *departures) Push(v any)   { *d = append(*d, v.(departure)) }
func (d *departures) Pop() any {
	old := *d
	last := old[len(old)-1]
	old[len(old)-1] = departure{}
	*d = old[:len(old)-1]
	return last
}

// arrive takes a packet that came from a place at the moment now, and keeps the packet.
func (x *exchange) arrive(now time.Duration, from Place, packet []byte) {
	to, ok := x.destination(packet)
	const udp = 17 // RFC 768
	r := Record{From: from, To: to, Size: len(packet), UDP: len(packet) > 9 && packet[9] == udp, Arrived: now}
	if !ok || x.lines[from][to] == nil {
		r.To, r.Fate = from, Unroutable
		x.log = append(x.log, r)
		return
	}
	carry := x.lines[from][to].carry
	if x.away(now) {
		carry = x.lines[from][to].pass
	}
	due, fate := carry(now, len(packet))
	if r.Fate = fate; fate != Carried {
		x.log = append(x.log, r)
		return
	}
	for i, at := range due {
		r.Due, r.Copy = at, i > 0
		heap.Push(&x.queue, departure{due: at, order: x.order, packet: packet, record: len(x.log)})
		x.order++
		x.log = append(x.log, r)
	}
}

// next is the moment at which the next packet is to leave.
func (x *exchange) next() (time.Duration, bool) {
	if len(x.queue) == 0 {
		return 0, false
	}
	return x.queue[0].due, true
}

// leave gives the next packet to leave. The caller calls left with the moment at which the packet left.
func (x *exchange) leave() (packet []byte, to Place, left func(time.Duration)) {
	d := heap.Pop(&x.queue).(departure)
	return d.packet, x.log[d.record].To, func(now time.Duration) { x.log[d.record].Left = now }
}

// destination reads the destination of an IPv4 packet (RFC 791 §3.1).
func (x *exchange) destination(packet []byte) (Place, bool) {
	if len(packet) < 20 || packet[0]>>4 != 4 || int(binary.BigEndian.Uint16(packet[2:])) > len(packet) {
		return 0, false
	}
	p, ok := x.places[netip.AddrFrom4([4]byte(packet[16:20]))]
	return p, ok
}
