package recorder

import (
	"runtime/debug"
	"slices"

	"rtcbench/bench"
)

// pauseMark is what the garbage collector's counters said at some moment.
type pauseMark struct{ stats debug.GCStats }

func markPauses() pauseMark {
	var m pauseMark
	debug.ReadGCStats(&m.stats)
	return m
}

// since gives the pauses after m. The runtime keeps the last 256: Max is of those.
func (m pauseMark) since() bench.Pauses {
	var now debug.GCStats
	debug.ReadGCStats(&now)
	p := bench.Pauses{Total: now.PauseTotal - m.stats.PauseTotal}
	if n := int(min(now.NumGC-m.stats.NumGC, int64(len(now.Pause)))); n > 0 {
		p.Max = slices.Max(now.Pause[:n])
	}
	return p
}
