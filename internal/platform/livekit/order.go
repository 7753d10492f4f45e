package livekit

// order watches the sequence numbers of a stream whose lost packets are asked for again.
type order struct {
	begun      bool
	highest    uint16
	sentAgain  int // by a stream of retransmissions (RFC 4588)
	afterLater int // after one that was sent later: sent again in the stream itself, or overtaken
}

// came notes a packet, and reports whether the packet filled a gap.
func (o *order) came(number uint16, again bool) bool {
	switch {
	case again:
		o.sentAgain++
	case !o.begun || int16(number-o.highest) > 0:
		o.begun, o.highest = true, number
		return false
	case number == o.highest: // twice is no gap
		return false
	default:
		o.afterLater++
	}
	return true
}

// mended keeps the counts of o in the facts of the audio that is heard.
func (m *media) mended(o order) {
	m.mu.Lock()
	defer m.mu.Unlock()
	down := *m.down
	down.Retransmitted, down.AfterGap = new(o.sentAgain), new(o.afterLater)
	m.down = &down
}
