package audio_test

import (
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/pion/opus"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4/pkg/media/oggwriter"

	"rtcbench/internal/audio"
)

const samples = 960 // of a packet of 20 ms at 48 kHz

// stream is a second of a track: pings and pongs of many sizes, with fillers between them.
func stream() (list [][]byte) {
	for seq := range uint32(50) {
		r := pong
		r.Seq, r.Seen.Window = seq, uint64(seq)*0x9e3779b97f4a7c15
		switch seq % 5 {
		case 0:
			list = append(list, audio.Append(nil, nil, 120))
		case 1:
			list = append(list, audio.Append(nil, nil, 0))
		case 2:
			list = append(list, audio.Append(nil, nil, audio.LabSize(150, 97*seq), r))
		case 3:
			list = append(list, audio.Append(nil, nil, audio.MaxSize, r, r, r))
		default:
			list = append(list, audio.Append(nil, nil, 120, r))
		}
	}
	return list
}

// TestWhoeverListensHearsSilence: a decoder that is not ours finds every packet valid and silent.
func TestWhoeverListensHearsSilence(t *testing.T) {
	decoder, err := opus.NewDecoderWithOutput(48000, 1)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]int16, 5760)
	for i, p := range stream() {
		n, err := decoder.DecodeToInt16(p, out)
		if err != nil || n != samples {
			t.Fatalf("packet %d, %x: %d samples, %v", i, p, n, err)
		}
		for _, s := range out[:n] {
			if s != 0 {
				t.Fatalf("packet %d, %x: is heard, %d", i, p, s)
			}
		}
	}
}

// TestRecordersWriteSilence: the reference decoder, libopus, reads a recording of the stream without complaint. It is
// of Debian's opus-tools, which make test installs.
func TestRecordersWriteSilence(t *testing.T) {
	if _, err := exec.LookPath("opusdec"); err != nil {
		t.Fatalf("%v: make tools installs it", err)
	}
	recording, wav := filepath.Join(t.TempDir(), "track.ogg"), filepath.Join(t.TempDir(), "track.wav")
	w, err := oggwriter.New(recording, 48000, 1)
	if err != nil {
		t.Fatal(err)
	}
	list := stream()
	for i, p := range list {
		header := rtp.Header{Version: 2, PayloadType: 111, SequenceNumber: uint16(i), Timestamp: uint32(i+1) * samples}
		if err := w.WriteRTP(&rtp.Packet{Header: header, Payload: p}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	// Without dither: silence is then nothing but zeros.
	out, err := exec.CommandContext(t.Context(), "opusdec", "--quiet", "--no-dither", recording, wav).CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Fatalf("opusdec: %v, %s", err, out)
	}
	data, err := os.ReadFile(wav)
	if err != nil {
		t.Fatal(err)
	}
	const header, preSkip = 44, 3840
	if n := (len(data) - header) / 2; n < len(list)*samples-preSkip {
		t.Errorf("%d samples of %d packets", n, len(list))
	}
	for i := header; i+1 < len(data); i += 2 {
		if s := int16(binary.LittleEndian.Uint16(data[i:])); s != 0 {
			t.Fatalf("sample %d is %d", (i-header)/2, s)
		}
	}
}
