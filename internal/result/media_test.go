package result

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
)

// TestSoundThatCannotBe: what no page can have said or heard is refused, with the key, whether it stands in a file or
// is about to be kept.
func TestSoundThatCannotBe(t *testing.T) {
	text := compact(t, written(t, benchtest.Sound(200)))
	for _, x := range []struct{ old, new, want string }{
		{`"seq":2,`, `"seq":1,`, "details.media.bursts[1].seq: 1 is not above the one before"},
		{`{"seq":1,`, `{"seq":0,`, "details.media.bursts[0].seq: 0 is not above the one before"},
		{`"seq":2,`, `"seq":7201,`, "details.media.bursts[1].seq: 7201 is not above the one before, or above 7200"},
		{`"seq":2,`, `"seq":-3,`, "details.media.bursts[1].seq: -3 is negative"},
		{`"mouth_to_ear_ms":310,`, `"mouth_to_ear_ms":-1,`, "bursts[0].mouth_to_ear_ms: -1; a burst is heard"},
		{`"mouth_to_ear_ms":310,`, `"mouth_to_ear_ms":3011,`, "bursts[0].mouth_to_ear_ms: 3011; a burst is heard"},
		{`"mouth_to_ear_ms":310,`, `"mouth_to_ear_ms":1e300,`, "mouth_to_ear_ms"},
		{`"mouth_to_ear_ms":310,`, `"mouth_to_ear_ms":NaN,`, "NaN and Infinity are no numbers"},
		{`"mouth_to_ear_ms":310,`, `"mouth_to_ear_ms":null,`, "bursts[0].match: 0.93; it is 1 at the most, and 0"},
		{`"match":0.93`, `"match":1.5`, "bursts[0].match: 1.5; it is 1 at the most"},
		{`"match":0.93`, `"match":-0.5`, "details.media.bursts[0].match: -0.5 is no duration"},
		{`"at_ms":230`, `"at_ms":86400000`, "bursts[1].at_ms: 86400000 is after the end of the run"},
		{`"at_ms":230`, `"at_ms":-1e14`, "bursts[1].at_ms"},
		{`"jitter_buffer_ms":120,`, `"jitter_buffer_ms":-120,`, "bursts[0].jitter_buffer_ms: -120 is no duration"},
		{`"jitter_buffer_target_ms":80`, `"jitter_buffer_target_ms":1e18`, "bursts[0].jitter_buffer_target_ms"},
		{`"played_samples":12000,"concealed_samples":600`, `"played_samples":0,"concealed_samples":600`,
			"bursts[1].played_samples: 0; the jitter buffer told of samples all the same"},
		{`"played_samples":12000,"concealed_samples":600`, `"played_samples":-1,"concealed_samples":600`,
			"bursts[1].played_samples: -1 is negative"},
		{`"concealed_samples":600`, `"concealed_samples":1e11`, "concealed_samples"},
		{`"engine":"browser"`, `"engine":"native"`, `details.media: bursts are said in a browser`},
		{`"class":"rtp-audio"`, `"class":"datachannel-lossy"`, `details.media: bursts are said in a browser`},
	} {
		if strings.Count(text, x.old) == 0 {
			t.Fatalf("there is no %s in %s", x.old, text)
		}
		changed := strings.Replace(text, x.old, x.new, 1)
		if runs, said := decoded(changed); runs != 0 || !strings.Contains(said, x.want) {
			t.Errorf("%s: %d runs, said %q, want %q", x.new, runs, said, x.want)
		}
	}
	if runs, said := decoded(text); runs != 1 || said != "" {
		t.Errorf("as it was: %d runs, said %q", runs, said)
	}
	for name, spoil := range map[string]func(*bench.Media){
		"no number": func(m *bench.Media) { m.Bursts[0].Match = math.NaN() },
		"negative":  func(m *bench.Media) { m.Bursts[0].Ear.D = -time.Second },
		"too many": func(m *bench.Media) {
			for n := 3; n <= 7201; n++ {
				m.Bursts = append(m.Bursts, bench.NoiseBurst{Seq: n})
			}
		},
	} {
		r := benchtest.Sound(20)
		spoil(r.Media)
		if _, err := Pack(bench.NewRecord(r)); !errors.Is(err, bench.ErrRejected) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
