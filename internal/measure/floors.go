package measure

import (
	"fmt"
	"math"
	"strings"
	"time"

	"rtcbench/bench"
)

// Floors are what the instrument itself adds on this machine, as a calibration has measured it. There is one Floor for
// each platform, engine, class of pings and cooldown.
type Floors map[string]Floor

// Floor is one entry of Floors.
type Floor struct {
	Class      bench.TransportClass `json:"class,omitempty"` // as floorClass gives it
	P50MS      float64              `json:"p50_ms"`
	CooldownMS float64              `json:"cooldown_ms"`
	Pings      int                  `json:"pings"`
	At         time.Time            `json:"at"`
	Version    string               `json:"version"` // of rtcbench
}

// FloorKey is the key in Floors of the floor of an engine, for runs of a class.
func FloorKey(platform, engine string, class bench.TransportClass, cooldown time.Duration) string {
	if class = floorClass(class); class != "" {
		engine += "/" + class.Short()
	}
	return fmt.Sprintf("%s/%s/%v", platform, engine, cooldown)
}

// floorClass is the class by which a floor is kept. Messages have one floor, of the class "", whichever channel they
// take.
func floorClass(class bench.TransportClass) bench.TransportClass {
	switch class {
	case bench.RTPAudio, bench.Turn:
		return class
	}
	return ""
}

// farthest is the factor by which the cooldown of a floor may differ from that of a run. Memory that nobody touches
// leaves the processor's caches, so a ping after a long rest is slower than one after a short rest (docs/accuracy.md,
// What a rest costs).
const farthest = 2

// put notes in run the floor of its engine and class whose cooldown is nearest to that of the run. In the closed loop,
// which has no cooldown, no floor is near enough.
func (f Floors) put(run *bench.Run) {
	nearest := math.Inf(1)
	for key, known := range f {
		if !strings.HasPrefix(key, run.Platform+"/"+run.Facts.Engine+"/") || known.Class != floorClass(run.Plan.Class) {
			continue
		}
		ratio := known.CooldownMS * float64(time.Millisecond) / float64(run.Plan.Cooldown)
		if away := max(ratio, 1/ratio); away <= farthest && away < nearest {
			nearest = away
			run.Floor = &bench.Floor{RTT: time.Duration(math.Round(known.P50MS * float64(time.Millisecond))),
				Age: max(0, time.Since(known.At))}
		}
	}
}
