package turn

import (
	"fmt"
	"slices"
	"time"

	"rtcbench/bench"
)

// How speech is found. docs/turn.md explains each of these values, with what the value costs.
const (
	quietest   = -50.0 // dBFS: what is below cannot be heard
	aboveFloor = 4.0   // dB that speech is above nine tenths of the noise, at the least
	loudFloor  = -48.0 // dBFS: noise above it hides the beginning of speech
	unsteady   = 5.0   // dB between half and nine tenths of the noise: more is music, or somebody's voice …
	swelling   = 10.0  // dB … that may grow by that much
	hearing    = 4     // windows in which speech, once begun …
	mostQuiet  = 1     // … may have that many that are below the threshold
	fewest     = 40    // windows that a floor is of: 0.2 s
	blind      = 20 * time.Millisecond
)

// Rule says how speech is found, for results.
func Rule(rest, gap time.Duration) bench.TurnRule {
	return bench.TurnRule{Window: known(place(window)), Quietest: quietest, AboveFloor: aboveFloor,
		LoudFloor: loudFloor, Rest: known(rest), Gap: known(gap)}
}

// begins reports whether speech begins with the first slot: the first slot is above the threshold, and so are three of
// the first four.
func begins(slots []slot, threshold float64) bool {
	if len(slots) < hearing || slots[0].level < threshold {
		return false
	}
	quiet := 0
	for _, s := range slots[:hearing] {
		if s.level < threshold {
			quiet++
		}
	}
	return quiet <= mostQuiet
}

// sounding is how many of the first slots are part of speech that begins with the first slot: the slots up to the last
// of the first four that is above the threshold.
func sounding(slots []slot, threshold float64) (n int) {
	for i, s := range slots[:min(hearing, len(slots))] {
		if s.level >= threshold {
			n = i + 1
		}
	}
	return n
}

// floor is the noise of a track where nobody speaks.
type floor struct {
	level     float64 // dBFS, of the median window
	high      float64 // nine tenths of the windows are below it
	threshold float64
	why       string // why the beginning of speech cannot be heard in it; "" = it can
}

// floorOf is the floor of slots in which nobody speaks. A track that sends nothing has no noise to hear.
func floorOf(slots []slot) floor {
	var levels []float64
	for _, s := range slots {
		if !s.lost {
			levels = append(levels, s.level)
		}
	}
	if len(levels) < fewest {
		return floor{level: nothing, threshold: quietest}
	}
	slices.Sort(levels)
	f := floor{level: levels[len(levels)/2], high: levels[len(levels)*9/10]}
	f.threshold = max(quietest, f.high+aboveFloor)
	switch {
	case f.high > quietest-swelling && f.high-f.level > unsteady:
		f.why = fmt.Sprintf("there is other sound on the agent's track before the answer (a tenth of it is above "+
			"%.0f dBFS, half of it is below %.0f dBFS): music, or a voice", f.high, f.level)
	case f.level > loudFloor:
		f.why = fmt.Sprintf("noise of %.0f dBFS on the agent's track hides the beginning of an answer (%.0f dBFS is "+
			"the most)", f.level, loudFloor)
	}
	return f
}

// doubt is how much earlier than it was found an answer may have begun, hidden by the noise. Nobody can know; the guess
// is that the voice rose below the threshold, from the quietest level that can be heard, as fast as it rose above.
func doubt(slots []slot, threshold float64, began time.Time) time.Duration {
	hidden := threshold - quietest
	if hidden <= 0 {
		return 0
	}
	for i, s := range slots {
		if !s.at.Before(began.Add(-place(window))) && begins(slots[i:], threshold+hidden) {
			return max(0, onset(s, threshold+hidden).Sub(began))
		}
	}
	return time.Hour // the voice never is that loud
}

// voice is a time in which somebody speaks, without a pause of gap or more; first and last are its slots.
type voice struct {
	from, to    time.Time
	first, last int
}

// voices finds where somebody speaks in slots. Pauses shorter than gap are part of a voice.
func voices(slots []slot, threshold float64, gap time.Duration) (list []voice) {
	for i := 0; i < len(slots); i++ {
		if !begins(slots[i:], threshold) {
			continue
		}
		n := sounding(slots[i:], threshold)
		from, to := onset(slots[i], threshold), slots[i+n-1].at.Add(place(window))
		if last := len(list) - 1; last >= 0 && from.Sub(list[last].to) < gap {
			list[last].to, list[last].last = later(to, list[last].to), i+n-1
			continue
		}
		list = append(list, voice{from, to, i, i + n - 1})
	}
	return list
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// onset is when in a slot a sound begins: at the first quarter of the slot that is above the threshold.
func onset(s slot, threshold float64) time.Time {
	for i, p := range s.parts {
		if float64(p) >= threshold {
			return s.at.Add(place(i * part))
		}
	}
	return s.at
}

// clicks counts the sounds in slots that are too short for speech.
func clicks(slots []slot, threshold float64) (n int) {
	for i := 0; i < len(slots); i++ {
		switch {
		case slots[i].level < threshold:
		case begins(slots[i:], threshold):
			for i < len(slots) && (begins(slots[i:], threshold) || slots[i].level >= threshold) {
				i++
			}
		default:
			n++
			for i+1 < len(slots) && slots[i+1].level >= threshold {
				i++
			}
		}
	}
	return n
}

// lostBefore is the length of a stretch of lost packets that ends at the moment at, or shortly before: no longer before
// than a pause within a word lasts. Speech may have begun in that stretch.
func lostBefore(slots []slot, at time.Time) (hole time.Duration) {
	n := 0
	for n < len(slots) && !slots[n].at.After(at.Add(-place(window))) {
		n++
	}
	for heard := 0; n > 0 && heard <= hearing; n-- {
		switch {
		case slots[n-1].lost:
			hole += place(window)
		case hole > 0:
			return hole
		default:
			heard++
		}
	}
	return hole
}

// lostIn is how many packets were lost in slots.
func lostIn(slots []slot) (packets int) {
	for _, s := range slots {
		packets += s.gone
	}
	return packets
}
