package turn

import (
	"encoding/binary"
	"io"
	"slices"
	"sync"
	"time"
)

// Recording keeps both sides of a call for a sceptic who aligns them by hand: what left on the left, what arrived on
// the right, on one clock.
type Recording struct {
	mu    sync.Mutex
	start time.Time
	left  []chunk
	right map[string][]chunk // by track
}

// chunk is sound as it left or arrived. Packets of ours are decoded when they are written.
type chunk struct {
	at        time.Time
	packet    []byte
	samples   []int16
	timestamp uint32
}

func (r *Recording) begin(at time.Time) {
	if r.start.IsZero() || at.Before(r.start) {
		r.start = at
	}
}

func (r *Recording) caller(packet []byte, at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.begin(at)
	r.left = append(r.left, chunk{at: at, packet: packet})
}

func (r *Recording) agent(track string, samples []float32, at time.Time, timestamp uint32) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.begin(at)
	if r.right == nil {
		r.right = map[string][]chunk{}
	}
	c := chunk{at: at, samples: make([]int16, len(samples)), timestamp: timestamp}
	for i, x := range samples {
		c.samples[i] = sixteen(x)
	}
	r.right[track] = append(r.right[track], c)
}

func sixteen(x float32) int16 { return int16(max(-32768, min(32767, x*32768))) }

// near is how far packets may arrive from where the one before it ends without being put where they arrived: else each
// packet's jitter would be heard.
const near = 5 * time.Millisecond

// WriteWAV writes what was recorded: 16 bits, two channels, 48 kHz.
func (r *Recording) WriteWAV(w io.Writer) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var left, right []int16
	d := newDecoder()
	for _, c := range r.left {
		samples, err := d.decode(c.packet)
		if err != nil {
			return err
		}
		c.samples = make([]int16, len(samples))
		for i, x := range samples {
			c.samples[i] = sixteen(x)
		}
		left = r.put(left, c)
	}
	for _, track := range r.right {
		var mine []int16
		for _, c := range track {
			mine = r.put(mine, c)
		}
		right = mix(right, mine)
	}
	return writeWAV(w, left, right)
}

// put lays a chunk where it left or arrived, or behind the one before it, if it is near.
func (r *Recording) put(line []int16, c chunk) []int16 {
	at := samplesIn(c.at.Sub(r.start))
	if away := place(at - len(line)).Abs(); away <= near && len(line) > 0 {
		at = len(line)
	}
	if at < len(line) {
		line = line[:at]
	}
	line = append(line, make([]int16, at-len(line))...)
	return append(line, c.samples...)
}

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
