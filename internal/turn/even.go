package turn

import (
	"time"

	"rtcbench/internal/stats"
)

// median is that of a list that is not empty.
func median(list []time.Duration) time.Duration {
	m, _ := stats.Quantile(stats.Sorted(list), 0.5)
	return m
}

const (
	longestJitter = 2 * time.Second // more is a track that counts anew
	heldAgainst   = time.Second     // behind a packet: what it is held against
)

// uneven is how much later than those behind it the packet came that was here at a moment, or next, by their time
// stamps. It was held up: by the network, by the server, or because nobody here, or there, had time for it.
func uneven(slots []slot, at time.Time) (late time.Duration, ok bool) {
	first := offsetAt(slots, at)
	if first == nil {
		return 0, false
	}
	least := *first
	for _, s := range slots {
		if !s.lost && s.at.After(at) && s.at.Before(at.Add(heldAgainst)) {
			least = min(least, s.offset)
		}
	}
	late = *first - least
	return late, late < longestJitter
}

// offsetAt is the offset of the packet that was heard at a moment.
func offsetAt(slots []slot, at time.Time) *time.Duration {
	for i, s := range slots {
		if !s.lost && s.at.Add(place(window)).After(at) {
			return &slots[i].offset
		}
	}
	return nil
}

// lostInBuffer is the share of packets that come too late for the jitter buffer whose delay is estimated.
const lostInBuffer = 0.01

// playout is how much later than it arrived an answer is heard behind a jitter buffer: the buffer delays every packet
// as much as all but 1 % of the track's packets were late, by the earliest of them. It can be negative, where the
// answer's own packet was later than that: a buffer would have lost it.
func playout(slots []slot, began time.Time) (later time.Duration, ok bool) {
	first := offsetAt(slots, began)
	var offsets []time.Duration
	for _, s := range slots { // a packet has as many windows as the others
		if !s.lost {
			offsets = append(offsets, s.offset)
		}
	}
	if first == nil {
		return 0, false
	}
	sorted := stats.Sorted(offsets)
	if sorted[len(sorted)-1]-sorted[0] > longestJitter {
		return 0, false
	}
	wait, ok := stats.Buffer(sorted, lostInBuffer)
	return wait - (*first - sorted[0]), ok
}
