package turn

import (
	"time"

	"rtcbench/bench"
)

// slot is 5 ms of a track as it was heard. A lost packet is silence, marked.
type slot struct {
	at    time.Time // when its first sample arrived: its packet's arrival and its place in the packet
	level float64   // dBFS
	parts [4]float32
	lost  bool
	gone  int // how many lost packets it stands for; one packet lasts several slots, of which the last has it
	// of the slot's packet: its arrival less its time stamp, both counted from the track's first packet. The difference
	// of two offsets is how much longer one packet took than the other.
	offset time.Duration
}

// part is a quarter of a window, in samples: the beginning of a sound is told to a part.
const part = window / 4

// ear listens to one track: it puts packets in order, decodes them and cuts them into slots.
type ear struct {
	decoder *decoder
	voiced  highpass
	heard   func(slot)
	pcm     func(samples []float32, at time.Time, timestamp uint32) // nil = nobody records

	zero      time.Time // when the first packet came …
	zeroStamp uint32    // … and what it was stamped
	offset    time.Duration

	known   bool
	next    uint16 // the sequence number that is due
	stamp   uint32 // the timestamp that is due
	waiting []arrived
	rest    []float32 // what is left of a packet: the beginning of the next window
	restAt  time.Time

	packets, lost, strange int
	length                 time.Duration // of a packet
}

type arrived struct {
	bench.Sound
	at time.Time
}

// mostWaiting is how many packets may overtake a missing packet. One packet more means that the missing packet is lost.
const mostWaiting = 3

// farthest is a jump of sequence numbers that no loss explains: the sender, or the SFU, has begun to count anew.
const farthest = 500

func newEar(heard func(slot)) *ear { return &ear{decoder: newDecoder(), heard: heard} }

// hear takes a packet as it arrives.
func (e *ear) hear(s bench.Sound, at time.Time) {
	e.packets++
	switch ahead := int16(s.Seq - e.next); {
	case !e.known || ahead > farthest || ahead < -farthest:
		e.flush()
		e.known = true
		e.play(arrived{s, at})
	case ahead < 0: // it was given up as lost, or came twice
		return
	case ahead == 0:
		e.play(arrived{s, at})
	default:
		e.wait(arrived{s, at})
	}
	for len(e.waiting) > 0 && (e.waiting[0].Seq == e.next || len(e.waiting) > mostWaiting) {
		first := e.waiting[0]
		e.waiting = e.waiting[1:]
		e.missing(first)
		e.play(first)
	}
}

// flush plays the packets that wait, whatever is missing between them.
func (e *ear) flush() {
	for _, a := range e.waiting {
		e.missing(a)
		e.play(a)
	}
	e.waiting = nil
}

// wait keeps a packet that came before its time, in order.
func (e *ear) wait(a arrived) {
	at := len(e.waiting)
	for at > 0 && int16(e.waiting[at-1].Seq-a.Seq) > 0 {
		at--
	}
	if at > 0 && e.waiting[at-1].Seq == a.Seq {
		return
	}
	e.waiting = append(e.waiting[:at], append([]arrived{a}, e.waiting[at:]...)...)
}

// missing notes what is not there before a: lost packets, each as long as this one, as silence. Where the time stamps
// leave no room for a missing number, its packet had no sound: browsers and servers pad a stream with such packets.
func (e *ear) missing(a arrived) {
	lost, samples := int(int16(a.Seq-e.next)), 0
	if samples, _ = PacketSamples(a.Packet); samples > 0 {
		if gap := int(int32(a.Timestamp - e.stamp)); gap >= 0 {
			lost = min(lost, (gap+samples-1)/samples)
		}
	}
	if lost <= 0 {
		return
	}
	e.lost += lost
	e.rest = e.rest[:0]
	slots := lost * max(samples, window) / window
	for i := range slots {
		e.heard(slot{at: a.at.Add(place((i - slots) * window)), level: nothing, lost: true,
			gone: (i+1)*lost/slots - i*lost/slots})
	}
}

// play decodes a packet whose turn it is.
func (e *ear) play(a arrived) {
	e.next = a.Seq + 1
	if a.Timestamp != e.stamp { // silence that was not sent, or a new count: rest is not its beginning
		e.rest = e.rest[:0]
	}
	samples, err := e.decoder.decode(a.Packet)
	if err != nil {
		e.strange++
		if n, ok := PacketSamples(a.Packet); ok {
			e.stamp = a.Timestamp + uint32(n)
		}
		return
	}
	e.stamp, e.length = a.Timestamp+uint32(len(samples)), place(len(samples))
	if e.zero.IsZero() {
		e.zero, e.zeroStamp = a.at, a.Timestamp
	}
	e.offset = a.at.Sub(e.zero) - place(int(int32(a.Timestamp-e.zeroStamp)))
	if e.pcm != nil {
		e.pcm(samples, a.at, a.Timestamp)
	}
	e.voiced.filter(samples)
	e.cut(samples, a.at)
}

// cut makes slots of samples that arrived at the moment at.
func (e *ear) cut(samples []float32, at time.Time) {
	if n := len(e.rest); n > 0 { // packets of 2.5 ms: half a window each
		missing := min(window-n, len(samples))
		e.rest = append(e.rest, samples[:missing]...)
		if len(e.rest) < window {
			return
		}
		e.tell(e.rest, e.restAt)
		e.rest, samples, at = e.rest[:0], samples[missing:], at.Add(place(missing))
	}
	i := 0
	for ; i+window <= len(samples); i += window {
		e.tell(samples[i:i+window], at.Add(place(i)))
	}
	if i < len(samples) {
		e.rest, e.restAt = append(e.rest[:0], samples[i:]...), at.Add(place(i))
	}
}

func (e *ear) tell(samples []float32, at time.Time) {
	s := newSlot(samples, at)
	s.offset = e.offset
	e.heard(s)
}

func newSlot(samples []float32, at time.Time) slot {
	s := slot{at: at, level: level(samples)}
	for i := range s.parts {
		s.parts[i] = float32(level(samples[i*part : (i+1)*part]))
	}
	return s
}
