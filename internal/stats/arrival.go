package stats

import (
	"math"
	"slices"
	"time"
)

// Buffer is how long a jitter buffer of a fixed size has to wait, beyond the fastest of these delays, so that at most
// the given share of the packets comes too late for it (RFC 5481, section 5.2). Packets that the network lost do not
// count. ok is false where there are too few packets for so small a share: it is less than one packet.
func Buffer(sorted []time.Duration, share float64) (wait time.Duration, ok bool) {
	// A share such as 0.01 is no binary fraction: 0.01 · 300 must be three packets, and not two.
	late := int(math.Floor(share*float64(len(sorted)) + 1e-9))
	if late < 1 || late >= len(sorted) {
		return 0, false
	}
	return sorted[len(sorted)-1-late] - sorted[0], true
}

// Reordering says how many packets came after one that was sent later (RFC 4737, section 3.3), and how far back the
// worst of them has to be put: its extent (section 4.2), in packets. sent are the numbers of the packets in the order
// of arrival, each once.
func Reordering(sent []uint32) (reordered, extent int) {
	highest := make([]uint32, 0, len(sent)) // of the packets up to each
	for i, s := range sent {
		if i == 0 || s > highest[i-1] {
			highest = append(highest, s)
			continue
		}
		highest = append(highest, highest[i-1])
		reordered++
		first, _ := slices.BinarySearch(highest, s+1) // to arrive, of those that were sent later
		extent = max(extent, i-first)
	}
	return reordered, extent
}

// Bursts is how losses lie among the packets (RFC 3357).
type Bursts struct {
	Packets int // lost or not
	Lost    int
	Periods int     // of losses that follow on one another
	Mean    float64 // length of a period, in packets
	Longest int
	// The median of the loss distances between periods: from the last loss of one to the first of the next, in packets;
	// 0 = there are not two.
	Distance float64
	// The mean length against that of random losses of the same rate: BurstR of ITU-T G.107; 0 = nothing was lost, or
	// everything.
	Ratio float64
}

// NewBursts looks at packets in the order in which they were sent.
func NewBursts(lost []bool) Bursts {
	b := Bursts{Packets: len(lost)}
	last, run := -1, 0
	var distances []int
	for i, l := range lost {
		if !l {
			run = 0
			continue
		}
		b.Lost++
		if run++; run == 1 {
			b.Periods++
			if last >= 0 {
				distances = append(distances, i-last)
			}
		}
		b.Longest = max(b.Longest, run)
		last = i
	}
	if b.Lost == 0 {
		return b
	}
	b.Mean = float64(b.Lost) / float64(b.Periods)
	b.Ratio = b.Mean * float64(len(lost)-b.Lost) / float64(len(lost)) // random ones have a mean of 1 / (1 − rate)
	if n := len(distances); n > 0 {
		slices.Sort(distances)
		b.Distance = float64(distances[(n-1)/2]+distances[n/2]) / 2
	}
	return b
}
