package recorder

import (
	"runtime/debug"
	"slices"

	"rtcbench/bench"
)

// PauseMark is the state of the garbage collector's statistics at some moment.
type PauseMark struct{ stats debug.GCStats }

// MarkPauses reads the garbage collector's statistics now.
func MarkPauses() PauseMark {
	var m PauseMark
	debug.ReadGCStats(&m.stats)
	return m
}

// Since gives the pauses after m. The runtime keeps the last 256 pauses: Max is the longest of these.
func (m PauseMark) Since() bench.Pauses {
	var now debug.GCStats
	debug.ReadGCStats(&now)
	p := bench.Pauses{Total: now.PauseTotal - m.stats.PauseTotal}
	if n := int(min(now.NumGC-m.stats.NumGC, int64(len(now.Pause)))); n > 0 {
		p.Max = slices.Max(now.Pause[:n])
	}
	return p
}
