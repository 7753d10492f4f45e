package turn

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"sync"
	"time"

	"github.com/pion/opus"
	"github.com/pion/opus/pkg/oggreader"

	"rtcbench/internal/turn/utterances"
)

// Rate is the sample rate of all sound, in samples a second. Samples are of one channel, from −1 to 1.
const Rate = 48000

// Frame is what one packet of ours lasts. Packets of others may last from 2.5 to 120 ms.
const Frame = 20 * time.Millisecond

const frameSamples = Rate / 50

// longestPacket is the longest that an Opus packet can be (RFC 6716 §3.2.5), in samples.
const longestPacket = 120 * Rate / 1000

// place is how long so many samples last.
func place(samples int) time.Duration { return time.Duration(samples) * time.Second / Rate }

func samplesIn(d time.Duration) int { return int(d * Rate / time.Second) }

// decoder turns Opus packets into samples.
type decoder struct {
	opus opus.Decoder
	out  [longestPacket]float32
}

func newDecoder() *decoder { return &decoder{opus: opus.NewDecoder()} }

// errPacket is a payload that is no Opus packet.
var errPacket = errors.New("this is no Opus packet")

// decode gives the samples of a packet, which are valid until the next call. The decoder has been seen to panic on
// random bytes, which a network can bring: a panic becomes an error.
func (d *decoder) decode(packet []byte) (samples []float32, err error) {
	defer func() {
		if r := recover(); r != nil {
			samples, err = nil, fmt.Errorf("%w: %v", errPacket, r)
			d.opus = opus.NewDecoder()
		}
	}()
	n, err := d.opus.DecodeToFloat32(packet, d.out[:])
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errPacket, err)
	}
	return d.out[:n], nil
}

// PacketSamples is how long a packet lasts, in samples of 48 kHz, by its first two bytes (RFC 6716 §3.1, §3.2). ok is
// false where the bytes are no Opus packet.
func PacketSamples(packet []byte) (samples int, ok bool) {
	if len(packet) == 0 {
		return 0, false
	}
	var frame int
	switch config := packet[0] >> 3; {
	case config < 12: // SILK: 10, 20, 40, 60 ms
		frame = []int{480, 960, 1920, 2880}[config&3]
	case config < 16: // hybrid: 10, 20 ms
		frame = []int{480, 960}[config&1]
	default: // CELT: 2.5, 5, 10, 20 ms
		frame = []int{120, 240, 480, 960}[config&3]
	}
	count := 1
	switch packet[0] & 3 {
	case 1, 2:
		count = 2
	case 3:
		if len(packet) < 2 {
			return 0, false
		}
		count = int(packet[1] & 63)
	}
	return frame * count, count > 0 && frame*count <= longestPacket
}

// Utterance is something to say: packets of 20 ms, and where in the packets something can be heard.
type Utterance struct {
	Name    string
	Packets [][]byte
	First   int // sample of the first audible one, as a decoder gives it
	Last    int // sample behind the last audible one

	voices []voice // in it, with the pauses between; times since the zero time
}

// Length is how long it lasts, with the noise before and behind.
func (u Utterance) Length() time.Duration { return time.Duration(len(u.Packets)) * Frame }

// Begin is the packet in which the utterance can be heard first, and how far into the packet that is.
func (u Utterance) Begin() (packet []byte, before time.Duration) {
	return u.Packets[u.First/frameSamples], place(u.First % frameSamples)
}

// End is the packet in which the utterance can be heard last, and how far into the packet its sound ends.
func (u Utterance) End() (packet []byte, before time.Duration) {
	i := (u.Last - 1) / frameSamples
	return u.Packets[i], place(u.Last - i*frameSamples)
}

// Reply is what an Agent answers.
func Reply() (Utterance, error) { return Builtin(utterances.Reply) }

// Builtin is the utterance of that name in this program. The caller may not change it: it is decoded once for all
// callers.
func Builtin(name string) (Utterance, error) {
	file, err := utterances.File(name)
	if err != nil {
		return Utterance{}, fmt.Errorf("there is no utterance %q", name)
	}
	once, _ := builtins.LoadOrStore(name, sync.OnceValues(func() (Utterance, error) { return ReadOgg(name, file) }))
	return once.(func() (Utterance, error))()
}

// builtins are the utterances of this program that somebody has asked for, by name.
var builtins sync.Map

// ReadOgg reads an Ogg Opus file with packets of 20 ms (RFC 7845).
func ReadOgg(name string, file []byte) (u Utterance, err error) {
	u.Name = name
	if u.Packets, err = packetsOf(name, file); err != nil {
		return u, err
	}
	return u, u.find()
}

func packetsOf(name string, file []byte) (packets [][]byte, err error) {
	r, _, err := oggreader.NewWith(bytes.NewReader(file))
	if err != nil {
		return nil, fmt.Errorf("%s: it is no Ogg Opus file: %w", name, err)
	}
	for {
		packet, _, err := r.ParseNextPacket()
		switch samples, ok := PacketSamples(packet); {
		case errors.Is(err, io.EOF):
			return packets, nil
		case err != nil:
			return nil, fmt.Errorf("%s: read its packet %d: %w", name, len(packets), err)
		case bytes.HasPrefix(packet, []byte("OpusTags")):
		case !ok || samples != frameSamples:
			return nil, fmt.Errorf("%s: its packet %d lasts %v, and a call has packets of %v: make it with opusenc "+
				"--framesize 20", name, len(packets), place(samples), Frame)
		default:
			packets = append(packets, bytes.Clone(packet))
		}
	}
}

// find decodes u, to know where it can be heard.
func (u *Utterance) find() error {
	d, voiced := newDecoder(), highpass{}
	var slots []slot
	for i, packet := range u.Packets {
		samples, err := d.decode(packet)
		if err != nil {
			return fmt.Errorf("%s: its packet %d: %w", u.Name, i, err)
		}
		voiced.filter(samples)
		for at := 0; at+window <= len(samples); at += window {
			slots = append(slots, newSlot(samples[at:at+window], time.Time{}.Add(place(i*frameSamples+at))))
		}
	}
	u.voices = voices(slots, quietest, pause)
	if len(u.voices) == 0 {
		return fmt.Errorf("%s: there is nothing to hear in it (nothing above %v dBFS)", u.Name, quietest)
	}
	u.First = samplesIn(u.voices[0].from.Sub(time.Time{}))
	u.Last = samplesIn(u.voices[len(u.voices)-1].to.Sub(time.Time{}))
	return nil
}

// pause is the shortest silence within an utterance that is told.
const pause = 200 * time.Millisecond

// window is the length of sound over which a level is taken, in samples: 5 ms.
const window = Rate / 200

// level is the RMS of samples in dB below full scale (dBFS). A square wave of full scale has the level 0.
func level(samples []float32) float64 {
	sum := 0.0
	for _, x := range samples {
		sum += float64(x) * float64(x)
	}
	return decibels(sum / float64(len(samples)))
}

// nothing is the level of digital silence.
const nothing = -120.0

func decibels(power float64) float64 {
	return max(nothing, 10*math.Log10(max(power, 1e-12)))
}
