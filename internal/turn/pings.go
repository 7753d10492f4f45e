package turn

import (
	"math/rand/v2"
	"sync"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/audio"
)

// pings ride in the padding of quiet packets, where no decoder looks. An echo of rtcbench answers them, if one is in
// the room: the way to it and back is the network's share of a turn, as far as the echo is where the agent is.
type pings struct {
	run uint64

	mu    sync.Mutex
	next  uint32
	sent  map[uint32]time.Time
	trips []time.Duration // to an echo and back, without the time that it held them
	rtts  []time.Duration // to the server and back, by its reports
}

const (
	pingEvery   = 10  // slots
	fewestPings = 5   // make a median
	pingSize    = 140 // bytes, as the ones of other runs
)

func newPings() *pings { return &pings{run: rand.Uint64(), sent: map[uint32]time.Time{}} }

// ride is a packet for a slot, with a ping in it if one is due.
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

// take takes what an echo sends, and reports whether a payload is that.
func (p *pings) take(payload []byte, at time.Time) (ours bool) {
	for r, verdict := range audio.Records(payload) {
		ours = true
		p.mu.Lock()
		sent, ok := p.sent[r.Seq]
		if verdict == audio.Ours && r.Type == audio.Pong && r.Run == p.run && ok {
			delete(p.sent, r.Seq)
			p.trips = append(p.trips, at.Sub(sent)-time.Duration(r.T3-r.T2)*time.Microsecond)
		}
		p.mu.Unlock()
	}
	return ours
}

func (p *pings) reported(rtt time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rtts = append(p.rtts, rtt)
}

// share is the network's share of a turn, and by what it is known; "" = it is not.
func (p *pings) share() (bench.Quantity, string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case len(p.trips) >= fewestPings:
		return known(median(p.trips)), bench.NetworkByEcho
	case len(p.rtts) > 0:
		return known(median(p.rtts)), bench.NetworkByReports
	}
	return bench.Quantity{}, ""
}
