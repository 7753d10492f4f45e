package lab

import "time"

// Hops is one way between the runner and the echo, through the server, for who has messages and no packets: the
// router's lines without the router.
type Hops struct{ lines []*line }

// Hops are the ways of a ping and of its pong. They draw as a router of that seed does which carries nothing else.
func (s Scenario) Hops(seed uint64) (ping, pong *Hops) {
	x := newExchange(s, seed)
	return &Hops{[]*line{x.lines[Runner][SFU], x.lines[SFU][Echo]}},
		&Hops{[]*line{x.lines[Echo][SFU], x.lines[SFU][Runner]}}
}

// Carry says how long a message in one packet of size bytes that leaves at now is under way, each of its copies; none =
// it is lost. now counts from when the scenario began, and never goes back. What the first hop held back, so that
// others overtook it, is put into its order again by the second.
func (h *Hops) Carry(now time.Duration, size int) []time.Duration {
	leaves := []time.Duration{now}
	for _, l := range h.lines {
		var next []time.Duration
		for _, at := range leaves {
			due, _ := l.carry(at, size)
			next = append(next, due...)
		}
		leaves = next
	}
	for i := range leaves {
		leaves[i] -= now
	}
	return leaves
}
