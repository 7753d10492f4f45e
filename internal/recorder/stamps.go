package recorder

import (
	"math"
	"slices"

	"rtcbench/bench"
)

// Stamps are the T1 of every ping sent, in ascending order, each with the number of its ping. A matcher uses them to
// find the ping that a pong answers. web/src/stamps.ts is its twin.
//
// A T1 has at most three decimals: the original's echo on Daily uses daily-python, whose JSON reader changes the last
// digit of some numbers with more decimals. Two T1 are never equal: the later one is moved to the next thousandth.
// Until 2039 a number that is one float64 away is found all the same.
type Stamps struct {
	t1   []int64  // thousandths of a Unix millisecond
	seqs []uint32 // 0 = not counted
}

// NewStamps makes Stamps with room for all pings of a plan, and for some that are not counted: with that room, no ping
// costs an allocation.
func NewStamps(p bench.Plan) Stamps {
	room := Capacity(p) + p.Warmup + 256
	return Stamps{make([]int64, 0, room), make([]uint32, 0, room)}
}

// Add notes a ping that leaves at unixMilli and returns its T1 in Unix ms.
func (s *Stamps) Add(unixMilli float64, seq uint32) float64 {
	t1 := thousandths(unixMilli)
	if n := len(s.t1); n > 0 && t1 <= s.t1[n-1] {
		t1 = s.t1[n-1] + 1
	}
	s.t1, s.seqs = append(s.t1, t1), append(s.seqs, seq)
	return float64(t1) / 1e3
}

// Find returns the number of the ping whose T1 is unixMilli, to the thousandth of a millisecond. before is the number
// of the last counted ping that had left by then.
func (s *Stamps) Find(unixMilli float64) (seq, before uint32, found bool) {
	if math.Abs(unixMilli) > 1e15 { // no clock says so, and an int64 may not hold it
		return 0, 0, false
	}
	i, found := slices.BinarySearch(s.t1, thousandths(unixMilli))
	if !found {
		return 0, 0, false
	}
	return s.seqs[i], s.before(i), true
}

func thousandths(unixMilli float64) int64 { return int64(math.Round(unixMilli * 1e3)) }

// before is the number of the last counted ping among the first i+1 that were sent.
func (s *Stamps) before(i int) uint32 {
	for ; i >= 0; i-- {
		if s.seqs[i] != 0 {
			return s.seqs[i]
		}
	}
	return 0
}
