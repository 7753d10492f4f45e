// Package audio measures by audio packets: a ping is a valid Opus packet that sounds like silence, and its record rides
// in the packet's padding, which no decoder looks at. docs/audio.md draws the bytes.
package audio

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"iter"
	"math"

	"rtcbench/bench"
)

const (
	// RecordSize is what a record takes of the padding, in bytes: the same in both directions.
	RecordSize = 68
	// MaxSize is the largest payload that LiveKit's SDK writes.
	MaxSize = 1200
	// LabSizes is how many sizes packets have in the lab, where the size tells a router which packet it is.
	LabSizes = 251
)

// LabSize is the size of packet seq in the lab.
func LabSize(base int, seq uint32) int { return base + int(seq%LabSizes) }

// Type is the kind of a record. The numbers stand on the wire.
type Type uint8

const (
	Ping Type = 1
	Pong Type = 2
)

// Flags say which values of a record are there, and how they were made.
type Flags uint16

const (
	Stamped    Flags = 1 << iota // T2 and T3 are there
	ClockKnown                   // ClockError is there
	Tells                        // Seen is there
	WrongClock                   // the echo's clock is wrong on purpose
	AtWire                       // T2 is of the moment at which the packet came off the wire …
	AtReceive                    // … or of the browser's receiveTime; of neither: of the page's own stamp
	Carried                      // the pong waited for the next packet of the echo's encoder

	flagsEnd
)

// Record is what one packet says of one ping. A value that Flags do not name is on the wire as zero.
type Record struct {
	Type       Type
	Flags      Flags
	Run        uint64 // names the run
	Seq        uint32 // of the ping; 0 = it is not counted
	ClockError uint32 // µs by which the echo's clock may be off UTC
	T1, T2, T3 int64  // Unix µs: the ping left; reached the echo; the pong left it
	Seen       bench.Seen
}

// Micros is a time stamp in the unit of the wire.
func Micros(unixMilli float64) int64 { return int64(math.Round(unixMilli * 1e3)) }

// Millis is a time stamp of the wire in Unix ms.
func Millis(unixMicros int64) float64 { return float64(unixMicros) / 1e3 }

const (
	version = 1
	magic   = "rtcb"

	codeMask = 3    // of the first byte: how many frames the packet has
	code3    = 3    // a number of them, which the second byte gives
	oneFrame = 0x41 // constant bit rate, padding, one frame
	fullByte = 255  // of a padding's length: 254, and the next byte says more

	head = 3 // first byte, second byte, one byte of the padding's length
)

// silence is 20 ms of it: CELT, full band, mono, and the bit that says so.
var silence = []byte{0xf8, 0xff, 0xfe}

// Append appends an Opus packet of size bytes that carries records. The packet is frame, an Opus packet with one frame,
// of which nothing but the padding changes. Where frame is nil or cannot carry, the packet is 20 ms of silence. Without
// records the packet is a filler, which keeps a stream a stream. Where size is too small, the packet is as large as it
// has to be.
func Append(dst, frame []byte, size int, records ...Record) []byte {
	if !CanCarry(frame) {
		frame = silence
	}
	if len(records) == 0 && size <= len(frame) {
		return append(dst, frame...)
	}
	least := len(records) * RecordSize
	room := max(size-len(frame)-1, lengthBytes(least)+least) // of the padding and its length
	long := (room - 1) / fullByte                            // bytes of its length that are full
	dst = append(dst, frame[0]|code3, oneFrame)
	for range long {
		dst = append(dst, fullByte)
	}
	padding := room - 1 - long
	dst = append(dst, byte(padding-long*(fullByte-1)))
	dst = append(dst, frame[1:]...)
	for i := range records {
		dst = records[i].append(dst)
	}
	for range padding - least {
		dst = append(dst, 0)
	}
	return dst
}

// AppendReply appends the packet of payload with r in place of its first record: the sound of the packet goes back,
// too. A packet without a record is appended as it is.
func AppendReply(dst, payload []byte, r Record) []byte {
	_, _, padding, _ := split(payload)
	begin := len(dst) + len(payload) - len(padding)
	if dst = append(dst, payload...); len(padding) >= RecordSize {
		r.append(dst[begin:begin])
	}
	return dst
}

// CanCarry reports whether an Opus packet has one frame and no padding, so that padding can be added to it.
func CanCarry(frame []byte) bool { return len(frame) > 0 && frame[0]&codeMask == 0 }

// Bare is payload without its records, if it carries any: a decoder makes the same of both. Any other packet stays as
// it is.
func Bare(payload []byte) []byte {
	toc, frame, padding, ok := split(payload)
	if !ok || !bytes.HasPrefix(padding, []byte(magic)) {
		return payload
	}
	return append([]byte{toc}, frame...)
}

// lengthBytes is how many bytes the length of so much padding takes.
func lengthBytes(padding int) int { return 1 + max(0, padding-1)/(fullByte-1) }

func (r *Record) append(dst []byte) []byte {
	begin := len(dst)
	dst = append(append(dst, magic...), version, byte(r.Type))
	dst = binary.BigEndian.AppendUint16(dst, uint16(r.Flags))
	dst = binary.BigEndian.AppendUint64(dst, r.Run)
	dst = binary.BigEndian.AppendUint32(dst, r.Seq)
	dst = binary.BigEndian.AppendUint32(dst, r.ClockError)
	for _, t := range [...]int64{r.T1, r.T2, r.T3} {
		dst = binary.BigEndian.AppendUint64(dst, uint64(t))
	}
	dst = binary.BigEndian.AppendUint32(dst, uint32(min(r.Seen.Count, math.MaxUint32)))
	dst = binary.BigEndian.AppendUint32(dst, r.Seen.Last)
	dst = binary.BigEndian.AppendUint64(dst, r.Seen.Window)
	return binary.BigEndian.AppendUint32(dst, crc32.ChecksumIEEE(dst[begin:]))
}

// Verdict is what a payload turned out to be.
type Verdict uint8

const (
	NotOurs   Verdict = iota // no packet of rtcbench: somebody's audio, or a filler
	Malformed                // a record that does not hold: its CRC-32 is wrong, or nobody knows its version or type
	Ours
)

// Decode reads the first record of a payload. Most packets have one.
func Decode(payload []byte) (r Record, v Verdict) {
	for r, v = range Records(payload) {
		break
	}
	return r, v
}

// Records gives all records of a payload. It gives nothing for a payload that is not ours.
func Records(payload []byte) iter.Seq2[Record, Verdict] {
	return func(yield func(Record, Verdict) bool) {
		_, _, padding, _ := split(payload)
		for len(padding) >= RecordSize && string(padding[:len(magic)]) == magic {
			var r Record
			v := r.read(padding[:RecordSize])
			if !yield(r, v) {
				return
			}
			padding = padding[RecordSize:]
		}
	}
}

// split takes a packet with one frame and padding apart; ok is false for any other packet.
func split(payload []byte) (toc byte, frame, padding []byte, ok bool) {
	if len(payload) < head || payload[0]&codeMask != code3 || payload[1] != oneFrame {
		return 0, nil, nil, false
	}
	at, length := head-1, 0
	for ; at < len(payload) && payload[at] == fullByte; at++ {
		length += fullByte - 1
	}
	if at == len(payload) {
		return 0, nil, nil, false
	}
	length += int(payload[at])
	rest := payload[at+1:]
	if length > len(rest) {
		return 0, nil, nil, false
	}
	return payload[0] &^ codeMask, rest[:len(rest)-length], rest[len(rest)-length:], true
}

// read reads a record from the bytes of the wire.
func (r *Record) read(b []byte) Verdict {
	const sum = RecordSize - crc32.Size
	if crc32.ChecksumIEEE(b[:sum]) != binary.BigEndian.Uint32(b[sum:]) || b[4] != version ||
		Type(b[5]) != Ping && Type(b[5]) != Pong {
		return Malformed
	}
	*r = Record{
		Type: Type(b[5]), Flags: Flags(binary.BigEndian.Uint16(b[6:])) & (flagsEnd - 1),
		Run: binary.BigEndian.Uint64(b[8:]), Seq: binary.BigEndian.Uint32(b[16:]),
		ClockError: binary.BigEndian.Uint32(b[20:]),
		T1:         int64(binary.BigEndian.Uint64(b[24:])),
		T2:         int64(binary.BigEndian.Uint64(b[32:])),
		T3:         int64(binary.BigEndian.Uint64(b[40:])),
		Seen: bench.Seen{Count: uint64(binary.BigEndian.Uint32(b[48:])), Last: binary.BigEndian.Uint32(b[52:]),
			Window: binary.BigEndian.Uint64(b[56:])},
	}
	return Ours
}
