package lab

import "time"

// Hops is one way between the runner and the echo, through the server, for callers that have messages and no packets:
// the router's lines without the router.
type Hops struct{ lines []*line }

// Hops are the ways of a ping and of its pong. They draw the same random numbers as a router with that seed that
// carries nothing else.
func (s Scenario) Hops(seed uint64) (ping, pong *Hops) {
	x := newExchange(s, seed)
	return &Hops{[]*line{x.lines[Runner][SFU], x.lines[SFU][Echo]}},
		&Hops{[]*line{x.lines[Echo][SFU], x.lines[SFU][Runner]}}
}

// Carry says how long a message of one packet is under way, for each copy that arrives; none = the message is lost. The
// packet has size bytes and leaves at now. now counts from the beginning of the scenario, and never goes back. Where
// the first hop held a message back, so that others overtook it, the second hop puts it into its order again.
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
