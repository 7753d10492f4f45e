package turn

import (
	"slices"
	"time"

	"rtcbench/internal/stats"
)

// median is the median of a list that is not empty.
func median(list []time.Duration) time.Duration {
	m, _ := stats.Quantile(stats.Sorted(list), 0.5)
	return m
}

const (
	longestJitter = 2 * time.Second // a longer time means that the track counts anew
	heldAgainst   = time.Second     // how far behind a packet it is compared with others
)

// uneven is how much later than the packets behind it a packet came, by their time stamps. The packet is the one that
// was heard at the moment at, or the next one. It was held up: by the network, by the server, or because a process,
// here or there, had no time for it.
func uneven(slots []slot, at time.Time) (late time.Duration, ok bool) {
	i := heardAt(slots, at)
	if i < 0 {
		return 0, false
	}
	return heldUp(slots, i)
}

// heldUp is uneven for the packet that slot i belongs to.
func heldUp(slots []slot, i int) (late time.Duration, ok bool) {
	least, until := slots[i].offset, slots[i].at.Add(heldAgainst)
	for _, s := range slots[i:] {
		if !s.lost && s.at.Before(until) {
			least = min(least, s.offset)
		}
	}
	late = slots[i].offset - least
	return late, late < longestJitter
}

// heardAt is the index of the slot that was heard at a moment, or of the next one; −1 = there is none.
func heardAt(slots []slot, at time.Time) int {
	return slices.IndexFunc(slots, func(s slot) bool { return !s.lost && s.at.Add(place(window)).After(at) })
}

// lasted is how long a reply was: from its first to its last audible sample as they arrived, less what held up the
// packets of these two samples. The reply has the same length behind a jitter buffer, and in a recording.
func lasted(slots []slot, reply []voice) time.Duration {
	late := func(i int) time.Duration {
		held, ok := heldUp(slots, i)
		if !ok {
			return 0
		}
		return held
	}
	first, last := reply[0], reply[len(reply)-1]
	return slots[last.last].at.Add(place(window)).Sub(first.from) + late(first.first) - late(last.last)
}

// lostInBuffer is the share of packets that come too late for the jitter buffer whose delay is estimated.
const lostInBuffer = 0.01

// playout is how much later than it arrived an answer is heard behind a jitter buffer: the buffer delays every packet
// as much as all but 1 % of the track's packets were late, by the earliest of them. It can be negative, where the
// answer's own packet was later than that: a buffer would have lost it.
func playout(slots []slot, began time.Time) (later time.Duration, ok bool) {
	first := heardAt(slots, began)
	var offsets []time.Duration
	for _, s := range slots { // all packets have the same number of windows
		if !s.lost {
			offsets = append(offsets, s.offset)
		}
	}
	if first < 0 {
		return 0, false
	}
	sorted := stats.Sorted(offsets)
	if sorted[len(sorted)-1]-sorted[0] > longestJitter {
		return 0, false
	}
	wait, ok := stats.Buffer(sorted, lostInBuffer)
	return wait - (slots[first].offset - sorted[0]), ok
}
