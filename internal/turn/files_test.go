package turn

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rtcbench/internal/turn/utterances"
)

// wavOf is a WAV file of a rate, with half a second of silence before and behind a tone of one second. cut is how many
// of its samples are left.
func wavOf(rate, channels int, cut float64) []byte {
	n := int(2 * float64(rate) * cut)
	size := uint32(2 * n * channels)
	b := binary.LittleEndian.AppendUint32([]byte("RIFF"), 36+size)
	b = append(b, "WAVEfmt "...)
	for _, v := range []any{uint32(16), uint16(1), uint16(channels), uint32(rate), uint32(2 * rate * channels),
		uint16(2 * channels), uint16(16)} {
		b, _ = binary.Append(b, binary.LittleEndian, v)
	}
	b = binary.LittleEndian.AppendUint32(append(b, "data"...), size)
	for i := range n {
		x := 0.0
		if i >= rate/2 && i < 3*rate/2 {
			x = 0.3 * math.Sin(2*math.Pi*400*float64(i)/float64(rate))
		}
		for range channels {
			b = binary.LittleEndian.AppendUint16(b, uint16(int16(x*32767)))
		}
	}
	return b
}

// kept is a file of that content.
func kept(t *testing.T, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestOwnFiles: a WAV file of any usual rate, mono or stereo, is said, and where it can be heard is known.
func TestOwnFiles(t *testing.T) {
	for _, rate := range []int{8000, 16000, 44100, 48000} {
		for _, channels := range []int{1, 2} {
			name := kept(t, fmt.Sprintf("tone-%d-%d.wav", rate, channels), wavOf(rate, channels, 1))
			list, err := Load([]string{name})
			if err != nil {
				t.Errorf("%d Hz, %d channels: %v", rate, channels, err)
				continue
			}
			u := list[name]
			first, last := place(u.First), place(u.Last)
			t.Logf("%d Hz, %d channels: from %v to %v, %d packets", rate, channels, first, last, len(u.Packets))
			const encoders, within = 6500 * time.Microsecond, 15 * time.Millisecond // what the encoder puts before
			if (first-encoders-500*time.Millisecond).Abs() > within ||
				(last-encoders-1500*time.Millisecond).Abs() > within {
				t.Errorf("%d Hz, %d channels: from %v to %v", rate, channels, first, last)
			}
		}
	}
}

// TestBrokenFiles: what cannot be said is refused in one line that names no folder of this machine.
func TestBrokenFiles(t *testing.T) {
	ogg, err := utterances.File("stop")
	if err != nil {
		t.Fatal(err)
	}
	vorbis := bytes.Replace(bytes.Clone(ogg), []byte("OpusHead"), []byte("\x01vorbis\x00"), 1)
	long := wavOf(48000, 1, 1)
	silent := make([]byte, len(long))
	copy(silent, long[:44])
	size := func(at int, n uint32) []byte {
		b := bytes.Clone(long)
		binary.LittleEndian.PutUint32(b[at:], n)
		return b
	}
	pages := bytes.LastIndex(ogg, []byte("OggS"))
	for name, of := range map[string]struct {
		content []byte
		why     string
	}{
		"empty.wav": {nil, "it is empty"}, "empty.ogg": {nil, "it is empty"},
		"text.txt":   {[]byte("say short\n"), "it is neither Ogg Opus nor WAV"},
		"text.wav":   {[]byte("say short\n"), "it is no WAV file, for it does not begin with RIFF"},
		"text.ogg":   {[]byte("say short\n"), "it is no Ogg Opus file, for it does not begin with OggS"},
		"riff.wav":   {[]byte("RIFF"), "is no WAV file"},
		"header.wav": {long[:44], "it is cut off: its header says 192044 bytes, and it has 44"},
		"half.wav":   {long[:30], "it is cut off"}, "silent.wav": {silent, "nothing to hear"},
		"cut.wav":        {long[:len(long)/2], "it is cut off: its header says 192044 bytes, and it has 96022"},
		"data.wav":       {size(40, 999_999), `it is cut off: its part "data" says 999999 bytes, and 192000 are there`},
		"riffs.wav":      {size(4, 999_999), "it is cut off: its header says 1000007 bytes"},
		"short.wav":      {size(4, 1000), `its header says 1008 bytes, and its part "data" ends after 192044`},
		"unfinished.wav": {size(40, 0), "its header was never finished"},
		"vorbis.ogg":     {vorbis, "no Ogg Opus file"}, "head.ogg": {ogg[:47], "not marked as the end"},
		"page.ogg": {ogg[:60], "it is cut off in its page 2"}, "none.ogg": {ogg[:28], "it is cut off in its page 1"},
		"last.ogg": {ogg[:pages], "it is cut off: its last page is not marked as the end"},
		"byte.ogg": {ogg[:len(ogg)-1], "it is cut off in its page"},
	} {
		_, err := Load([]string{kept(t, name, of.content)})
		if err == nil || !strings.Contains(err.Error(), of.why) {
			t.Errorf("%s: %v, want %q", name, err, of.why)
			continue
		}
		if text := err.Error(); strings.ContainsAny(text, "\n\r") || len(text) > 400 {
			t.Errorf("%s: %q", name, text)
		} else {
			t.Log(text)
		}
	}
	for _, piped := range [][]byte{size(40, unknownSize), size(4, unknownSize)} { // its end is the file's
		if _, err := Load([]string{kept(t, "piped.wav", piped)}); err != nil {
			t.Error(err)
		}
	}
	if _, err := Load([]string{t.TempDir()}); err == nil || !strings.Contains(err.Error(), "is no file of at most") {
		t.Errorf("a folder: %v", err)
	}
	dice := rand.New(rand.NewPCG(1, 2))
	for range 300 { // no file crashes the program
		broken := bytes.Clone(ogg)
		for range 1 + dice.IntN(8) {
			broken[dice.IntN(len(broken))] ^= byte(1 << dice.IntN(8))
		}
		ReadOgg("broken", broken[:dice.IntN(len(broken))+1])
	}
}
