package lab

import (
	"encoding/binary"
	"fmt"
	"slices"
	"testing"
	"time"
)

// through sends a message every 100 ms from one place over the server to another by the router's exchange, and tells
// when the copies of each arrive.
func through(s Scenario, seed uint64, from, to Place, messages, size int) map[int][]time.Duration {
	x, arrived := newExchange(s, seed), map[int][]time.Duration{}
	for i, now := 0, time.Duration(0); ; {
		due, waiting := x.next()
		if now = time.Duration(i) * 100 * msec; i < messages && (!waiting || now <= due) {
			p := packet(from.Address(), SFU.Address(), size)
			binary.BigEndian.PutUint32(p[20:], uint32(i))
			x.arrive(now, from, p)
			i++
			continue
		}
		if !waiting {
			return arrived
		}
		p, at, _ := x.leave()
		if at == to {
			n := int(binary.BigEndian.Uint32(p[20:]))
			arrived[n] = append(arrived[n], due)
			continue
		}
		on := packet(SFU.Address(), to.Address(), size)
		copy(on[20:], p[20:])
		x.arrive(due, SFU, on)
	}
}

// TestHopsAreTheRouters: a message takes as long as the router's packet would, and is lost with it, in each scenario
// but those in which packets overtake each other between the hops.
func TestHopsAreTheRouters(t *testing.T) {
	const messages, size = 400, 350
	for _, name := range Shipped() {
		s, err := LoadScenario(name)
		if err != nil {
			t.Fatal(err)
		}
		if s.RunnerSFU.Up.Reorder != nil || s.RunnerSFU.Down.Reorder != nil {
			continue
		}
		for _, seed := range []uint64{1, 2} {
			ping, pong := s.Hops(seed)
			up, down := through(s, seed, Runner, Echo, messages, size), through(s, seed, Echo, Runner, messages, size)
			for i := range messages {
				now := time.Duration(i) * 100 * msec
				for way, got := range map[string][2][]time.Duration{"ping": {ping.Carry(now, size), up[i]},
					"pong": {pong.Carry(now, size), down[i]}} {
					for j := range got[0] {
						got[0][j] += now
					}
					if !slices.Equal(got[0], got[1]) {
						t.Fatalf("%s, seed %d, %s %d: arrives at %s, by the router at %s", name, seed, way, i,
							fmt.Sprint(got[0]), fmt.Sprint(got[1]))
					}
				}
			}
		}
	}
}
