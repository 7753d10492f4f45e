package turn

import (
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/audio"
)

// pings ride in the padding of quiet packets, where no decoder looks. An echo of rtcbench answers them, if one is in
// the room. The round trip to the echo is the network's share of a turn, as far as the echo is where the agent is.
type pings struct {
	run uint64

	mu    sync.Mutex
	next  uint32
	sent  map[uint32]time.Time
	trips []trip // to an echo and back, without the time that it held them
	rtts  []trip // to the server and back, by its reports
}

// trip is one round trip, and the moments at which this process stamped it: a stamp is as late as the process was at
// that moment.
type trip struct {
	took, hold time.Duration // hold is how long the far end kept the ping, which is not in took
	stamped    []time.Time
}

const (
	pingEvery   = 10  // slots
	fewestTrips = 5   // the least number that makes a median
	pingSize    = 140 // bytes, as the ones of other runs
)

func newPings() *pings { return &pings{run: rand.Uint64(), sent: map[uint32]time.Time{}} }

// ride is the packet for a slot, with a ping in it if a ping is due.
func (p *pings) ride(packet []byte, slot int) []byte {
	if slot%pingEvery != 0 || !audio.CanCarry(packet) {
		return packet
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.next++
	now := time.Now()
	p.sent[p.next] = now
	return audio.Append(nil, packet, pingSize, audio.Record{Type: audio.Ping, Run: p.run, Seq: p.next,
		T1: now.UnixMicro()})
}

// take takes a packet that an echo sent, and reports whether the payload is one of an echo.
func (p *pings) take(payload []byte, at time.Time) (ours bool) {
	for r, verdict := range audio.Records(payload) {
		ours = true
		p.mu.Lock()
		sent, ok := p.sent[r.Seq]
		if verdict == audio.Ours && r.Type == audio.Pong && r.Run == p.run && ok {
			delete(p.sent, r.Seq)
			hold := time.Duration(r.T3-r.T2) * time.Microsecond
			p.trips = append(p.trips, trip{at.Sub(sent) - hold, hold, []time.Time{sent, at}})
		}
		p.mu.Unlock()
	}
	return ours
}

func (p *pings) reported(rtt time.Duration, at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rtts = append(p.rtts, trip{took: rtt, stamped: []time.Time{at}})
}

// share is the network's share of a turn, and how it is known; "" = it is not known. stalled says for how long this
// process did not get to its packets around a moment: a stamp of such a moment tells of this machine, and not of the
// network.
func (p *pings) share(stalled func(time.Time) time.Duration) (bench.Quantity, string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, of := range []struct {
		list []trip
		by   string
	}{{p.trips, bench.NetworkByEcho}, {p.rtts, bench.NetworkByReports}} {
		if ways := believable(of.list, stalled); len(ways) >= fewestTrips {
			return known(median(ways)), of.by
		}
	}
	return bench.Quantity{}, ""
}

// believable are the round trips that say something of the network: all their stamps were taken in time, and neither
// the round trip nor the hold is negative, as one is when the echo's clock was set meanwhile.
func believable(list []trip, stalled func(time.Time) time.Duration) (ways []time.Duration) {
	for _, t := range list {
		late := slices.ContainsFunc(t.stamped, func(at time.Time) bool { return stalled(at) > bench.MostStalled })
		if !late && t.took >= 0 && t.hold >= 0 {
			ways = append(ways, t.took)
		}
	}
	return ways
}
