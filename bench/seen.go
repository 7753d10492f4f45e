package bench

// Seen is what an echo knows of one run's numbered pings. Each pong carries it, so that the
// runner can tell a ping that was lost on its way from one whose pong was.
type Seen struct {
	Count  uint64 // how many
	Last   uint32 // the highest number
	Window uint64 // bit i: Last − i is among them
}

// window is how many numbers, from the last one down, are known one by one.
const window = 64

// Note adds a ping. One that comes twice counts once, unless it is older than the window.
func (s *Seen) Note(seq uint32) {
	switch back := int64(s.Last) - int64(seq); {
	case seq == 0: // of the warm-up, or after the last one
	case back < 0:
		s.Window = s.Window<<uint64(-back) | 1 // a shift by 64 and more leaves nothing
		s.Last = seq
		s.Count++
	case back >= window:
		s.Count++
	case s.Window>>back&1 == 0:
		s.Window |= 1 << back
		s.Count++
	}
}

// Ways says where the pings without a pong went missing: Up before the echo, Down behind it. Known is
// false when the echo does not tell what it has seen.
type Ways struct {
	Known   bool `json:"known"`
	Up      int  `json:"up"`
	Down    int  `json:"down"`
	Unknown int  `json:"unknown"`
}

// ledger is the runner's copy of the echo's Seen, put together from the pongs that arrived.
type ledger struct {
	told      bool   // the echo tells
	latest    Seen   // of the pong with the highest count
	covered   uint32 // a ping up to here that is not known as seen had not reached the echo
	restarted bool   // the echo has forgotten: its count means nothing
	seen      bitset // by number
	known     bitset // the window was over it, or the silence after it
}

// take reads the Seen of a pong. sent is the number of the last ping that had left when the one that it answers did.
func (l *ledger) take(s Seen, sent uint32) {
	if l.told && s.Last >= l.latest.Last && s.Count < l.latest.Count {
		l.restarted = true
	}
	if s.Count >= l.latest.Count {
		l.latest = s
	}
	l.told = true
	for i := range min(window, s.Last) {
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

// split says of each lost sample where it was lost, as far as that is known one by one, and counts them all.
func (l *ledger) split(samples []Sample) Ways {
	w := Ways{Known: l.told}
	left, missing, nameless := 0, 0, 0 // of the pings that left, up to covered
	for i := range samples {
		s := &samples[i]
		seen, known := l.seen.has(s.Seq), l.known.has(s.Seq)
		if s.Outcome != NotSent && s.Seq <= l.covered {
			left++
			if known && !seen {
				missing++
			}
		}
		switch {
		case s.Outcome != Lost:
		case seen:
			s.Reason = OnWayDown
			w.Down++
		case known:
			s.Reason = OnWayUp
			w.Up++
		case s.Seq <= l.covered && !l.restarted:
			nameless++
		default:
			w.Unknown++
		}
	}
	// Those that no window has been over are split by the count.
	up := min(max(left-int(l.latest.Count)-missing, 0), nameless)
	w.Up, w.Down = w.Up+up, w.Down+nameless-up
	return w
}

// bitset holds small numbers.
type bitset []uint64

func (b *bitset) put(n uint32) {
	for int(n/64) >= len(*b) {
		*b = append(*b, 0)
	}
	(*b)[n/64] |= 1 << (n % 64)
}

func (b bitset) has(n uint32) bool { return int(n/64) < len(b) && b[n/64]>>(n%64)&1 == 1 }
