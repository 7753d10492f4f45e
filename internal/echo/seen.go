package echo

import "rtcbench/bench"

// seenRuns are what an echo has seen of each run's pings. Its pongs tell that.
type seenRuns struct {
	runs map[string]*seenRun
	tick uint64
	key  []byte
}

type seenRun struct {
	seen bench.Seen
	used uint64
}

// maxRuns is how many runs an echo remembers, for strangers may send any number of them. The run that was unused for
// longest is forgotten first.
const maxRuns = 1024

// note enters the ping seq of a run. from is the ping's sender; run is the name that the runner gave its run.
func (b *seenRuns) note(from string, run []byte, seq uint32) *bench.Seen {
	if b.runs == nil {
		b.runs = map[string]*seenRun{}
	}
	b.tick++
	b.key = append(append(append(b.key[:0], from...), 0), run...)
	entry := b.runs[string(b.key)]
	if entry == nil {
		if len(b.runs) >= maxRuns {
			oldest, at := "", uint64(0)
			for key, e := range b.runs {
				if at == 0 || e.used < at {
					oldest, at = key, e.used
				}
			}
			delete(b.runs, oldest)
		}
		entry = &seenRun{}
		b.runs[string(b.key)] = entry
	}
	entry.used = b.tick
	entry.seen.Note(seq)
	return &entry.seen
}
