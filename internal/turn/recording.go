package turn

import (
	"encoding/binary"
	"io"
	"slices"
	"sync"
	"time"
)

// Recording keeps both sides of a call on one clock: what left in the left channel, what arrived in the right one. It
// is for whoever wants to check a turn by hand.
type Recording struct {
	mu    sync.Mutex
	start time.Time
	due   time.Time // when the first packet of ours was
	left  []chunk
	right map[string][]chunk // by track
}

// chunk is sound as it left or arrived. Packets of ours are decoded only when the recording is written.
type chunk struct {
	at      time.Time
	packet  []byte
	samples []int16
	stamp   uint32 // where it belongs among the others, in samples
}

func (r *Recording) begin(at time.Time) {
	if r.start.IsZero() || at.Before(r.start) {
		r.start = at
	}
}

// caller takes a packet of ours, with the moment at which it left and the moment at which it was due.
func (r *Recording) caller(packet []byte, at, due time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.begin(at)
	if len(r.left) == 0 {
		r.due = due
	}
	r.left = append(r.left, chunk{at: at, packet: packet, stamp: uint32(samplesIn(due.Sub(r.due)))})
}

func (r *Recording) agent(track string, samples []float32, at time.Time, timestamp uint32) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.begin(at)
	if r.right == nil {
		r.right = map[string][]chunk{}
	}
	c := chunk{at: at, samples: make([]int16, len(samples)), stamp: timestamp}
	for i, x := range samples {
		c.samples[i] = sixteen(x)
	}
	r.right[track] = append(r.right[track], c)
}

func sixteen(x float32) int16 { return int16(max(-32768, min(32767, x*32768))) }

// Sound keeps its length: what follows a sound is put where its time stamp says, however late its packet was. What
// follows quiet is put where it left or arrived, if that is more than near away, and so is a new count of time stamps.
const (
	near   = 5 * time.Millisecond
	breath = 3 * Frame        // by time stamps: a longer step is a pause, and not lost packets
	newRun = 10 * time.Second // by time stamps: a longer step is a new count
	hushed = 328              // of 32768, −40 dBFS: a louder sample can be heard
)

// WriteWAV writes what was recorded: 16 bits, two channels, 48 kHz.
func (r *Recording) WriteWAV(w io.Writer) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	d, left := newDecoder(), slices.Clone(r.left)
	for n, c := range left {
		samples, err := d.decode(c.packet)
		if err != nil {
			return err
		}
		left[n].samples = make([]int16, len(samples))
		for i, x := range samples {
			left[n].samples[i] = sixteen(x)
		}
	}
	var right []int16
	for _, track := range r.right {
		right = mix(right, r.lay(track))
	}
	return writeWAV(w, r.lay(left), right)
}

// lay puts the chunks of one track one after the other into one channel.
func (r *Recording) lay(track []chunk) (line []int16) {
	var due uint32 // the stamp that the line has come to
	quiet := 0     // how many samples at the end of line may be cut off: they cannot be heard
	for i, c := range track {
		arrived, at := samplesIn(c.at.Sub(r.start)), len(line)+int(int32(c.stamp-due))
		gone := at < len(line) || place(at-len(line)) > newRun
		paused := quiet > 0 || place(at-len(line)) > breath
		if i == 0 || gone || paused && place(arrived-at).Abs() > near {
			at = max(arrived, len(line)-quiet)
		}
		if quiet = len(c.samples); slices.ContainsFunc(c.samples, loud) {
			quiet = 0
		}
		line = append(line[:min(at, len(line))], make([]int16, max(0, at-len(line)))...)
		line = append(line, c.samples...)
		due = c.stamp + uint32(len(c.samples))
	}
	return line
}

func loud(x int16) bool { return x > hushed || x < -hushed }

func mix(a, b []int16) []int16 {
	if len(a) < len(b) {
		a, b = b, a
	}
	a = slices.Clone(a)
	for i, x := range b {
		a[i] = int16(max(-32768, min(32767, int(a[i])+int(x))))
	}
	return a
}

// writeWAV writes two channels (RIFF WAVE, format 1).
func writeWAV(w io.Writer, left, right []int16) error {
	n := max(len(left), len(right))
	size := uint32(4 * n)
	b := append([]byte("RIFF"), binary.LittleEndian.AppendUint32(nil, 36+size)...)
	b = append(b, "WAVEfmt "...)
	for _, v := range []any{uint32(16), uint16(1), uint16(2), uint32(Rate), uint32(4 * Rate), uint16(4), uint16(16)} {
		b, _ = binary.Append(b, binary.LittleEndian, v)
	}
	b = binary.LittleEndian.AppendUint32(append(b, "data"...), size)
	for i := range n {
		b = binary.LittleEndian.AppendUint16(b, uint16(sampleAt(left, i)))
		b = binary.LittleEndian.AppendUint16(b, uint16(sampleAt(right, i)))
	}
	_, err := w.Write(b)
	return err
}

func sampleAt(line []int16, i int) int16 {
	if i < len(line) {
		return line[i]
	}
	return 0
}
