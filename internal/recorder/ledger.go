package recorder

import "rtcbench/bench"

// ledger is the runner's copy of the echo's Seen, put together from the pongs that arrived.
type ledger struct {
	told      bool       // the echo tells
	latest    bench.Seen // of the pong with the highest count
	covered   uint32     // a ping up to here that is not known as seen had not reached the echo
	restarted bool       // the echo has forgotten: its count means nothing
	seen      bitset     // by number
	known     bitset     // the window was over it, or the silence after it
}

// take reads the Seen of a pong. sent is the number of the last ping that had left when the answered ping left.
func (l *ledger) take(s bench.Seen, sent uint32) {
	if l.told && s.Last >= l.latest.Last && s.Count < l.latest.Count {
		l.restarted = true
	}
	if s.Count >= l.latest.Count {
		l.latest = s
	}
	l.told = true
	for i := range min(bench.SeenWindow, s.Last) {
		l.known.put(s.Last - i)
		if s.Window>>i&1 == 1 {
			l.seen.put(s.Last - i)
		}
	}
	for seq := max(l.covered, s.Last) + 1; seq <= sent; seq++ {
		l.known.put(seq)
	}
	l.covered = max(l.covered, s.Last, sent)
}

// split says of each lost sample where it was lost, as far as that is known for single pings. The counts it returns are
// of all lost samples.
func (l *ledger) split(samples []bench.Sample) bench.Ways {
	w := bench.Ways{Known: l.told}
	left, missing, nameless := 0, 0, 0 // of the pings that left, up to covered
	for i := range samples {
		s := &samples[i]
		seen, known := l.seen.has(s.Seq), l.known.has(s.Seq)
		if s.Outcome != bench.NotSent && s.Seq <= l.covered {
			left++
			if known && !seen {
				missing++
			}
		}
		switch {
		case s.Outcome != bench.Lost:
		case seen:
			s.Reason = bench.OnWayDown
			w.Down++
		case known:
			s.Reason = bench.OnWayUp
			w.Up++
		case s.Seq <= l.covered && !l.restarted:
			nameless++
		default:
			w.Unknown++
		}
	}
	// The pings that were never within a window are split by the count.
	up := min(max(left-int(l.latest.Count)-missing, 0), nameless)
	w.Up, w.Down = w.Up+up, w.Down+nameless-up
	return w
}

// bitset is a set of small numbers.
type bitset []uint64

func (b *bitset) put(n uint32) {
	for int(n/64) >= len(*b) {
		*b = append(*b, 0)
	}
	(*b)[n/64] |= 1 << (n % 64)
}

func (b bitset) has(n uint32) bool { return int(n/64) < len(b) && b[n/64]>>(n%64)&1 == 1 }
