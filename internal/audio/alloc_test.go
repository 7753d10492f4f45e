//go:build !race

package audio_test

import (
	"testing"

	"rtcbench/internal/audio"
)

// TestPacketAllocatesNothing: neither writing nor reading one, whatever it carries.
func TestPacketAllocatesNothing(t *testing.T) {
	buf, seen := make([]byte, 0, audio.MaxSize), uint32(0)
	n := testing.AllocsPerRun(1000, func() {
		buf = audio.Append(buf[:0], nil, 160, pong)
		if r, v := audio.Decode(buf); v == audio.Ours {
			seen += r.Seq
		}
		buf = audio.Append(buf[:0], nil, 300, pong, pong)
		for r := range audio.Records(buf) {
			seen += r.Seq
		}
		buf = audio.Append(buf[:0], nil, 120)
	})
	if n != 0 || seen == 0 {
		t.Errorf("%v allocations", n)
	}
}
