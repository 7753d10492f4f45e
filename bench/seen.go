package bench

// Seen is what an echo knows of one run's numbered pings. Each pong carries it, so that the
// runner can tell a ping that was lost on its way from one whose pong was.
type Seen struct {
	Count  uint64 // how many
	Last   uint32 // the highest number
	Window uint64 // bit i: Last − i is among them
}

// SeenWindow is how many numbers, from the last one down, are known one by one.
const SeenWindow = 64

// Note adds the ping with the number seq. A ping that comes twice counts once, unless its number is older than the
// window.
func (s *Seen) Note(seq uint32) {
	switch back := int64(s.Last) - int64(seq); {
	case seq == 0: // of the warm-up, or after the last one
	case back < 0:
		s.Window = s.Window<<uint64(-back) | 1 // a shift by 64 and more leaves nothing
		s.Last = seq
		s.Count++
	case back >= SeenWindow:
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
