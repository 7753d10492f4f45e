package result

import (
	"fmt"
	"time"

	"rtcbench/bench"
)

// The bounds of what a page can play and hear (web/src/booth.ts, ear.ts): mostBursts in half an hour, and latestBurst
// to find a burst. A page that the browser delays notes a burst up to noted late.
const (
	mostBursts  = 7200
	latestBurst = 3*time.Second + 10*time.Millisecond
	noted       = time.Minute
)

// checkMedia is an error if no page can have played and heard the sound in the file.
func (f File) checkMedia() error {
	m := f.Details.Media
	if m == nil {
		return nil
	}
	if n := len(m.Bursts); n > mostBursts {
		return fmt.Errorf("details.media.bursts: %d; a run says %d at the most", n, mostBursts)
	}
	if class := asked(f.Details.Plan); len(m.Bursts) > 0 && (class != bench.RTPAudio ||
		f.Details.Engine != bench.Browser) {
		return fmt.Errorf("details.media: bursts are said in a browser on the audio track of the pings, and not by "+
			"%q on %q", f.Details.Engine, class)
	}
	end, before := nanos(f.Metadata.DurationMS)+noted, 0
	for i, b := range m.Bursts {
		if err := checkBurst(b, before, end); err != nil {
			return fmt.Errorf("details.media.bursts[%d].%w", i, err)
		}
		before = b.Seq
	}
	return nil
}

// checkBurst checks a burst. before is the number of the burst before, end the latest possible time of a burst.
func checkBurst(b bench.NoiseBurst, before int, end time.Duration) error {
	switch {
	case b.Seq <= before || b.Seq > mostBursts:
		return fmt.Errorf("seq: %d is not above the one before, or above %d", b.Seq, mostBursts)
	case b.At.OK && b.At.D > end:
		return fmt.Errorf("at_ms: %s is after the end of the run", plain(ms(b.At.D)))
	case b.Ear.OK && (b.Ear.D < 0 || b.Ear.D > latestBurst):
		return fmt.Errorf("mouth_to_ear_ms: %s; a burst is heard within 3 s, or not at all", plain(ms(b.Ear.D)))
	case b.Match > 1 || !b.Ear.OK && b.Match != 0:
		return fmt.Errorf("match: %s; it is 1 at the most, and 0 of a burst that was not heard", plain(b.Match))
	case b.Played == 0 && (b.Buffer.OK || b.Target.OK || b.Concealed > 0):
		return fmt.Errorf("played_samples: 0; the jitter buffer told of samples all the same")
	}
	return nil
}
