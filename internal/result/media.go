package result

import (
	"fmt"
	"time"

	"rtcbench/bench"
)

// What a page can say and hear (web/src/booth.ts, ear.ts): so many bursts in half an hour, each of which is looked for
// for so long. A page that was kept from its work notes late when a burst was said.
const (
	mostBursts  = 7200
	latestBurst = 3*time.Second + 10*time.Millisecond
	noted       = time.Minute
)

// checkMedia wants sound that a page can have said and heard.
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

// checkBurst looks at the burst behind that of the number before, in a run that ends then.
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
