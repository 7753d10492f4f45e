package echo

import (
	"rtcbench/bench"
	"rtcbench/internal/ping"
)

// books are what an echo has seen of each run's pings, for its pongs to tell.
type books struct {
	runs map[string]*book
	tick uint64
	key  []byte
}

type book struct {
	seen bench.Seen
	used uint64
}

// maxBooks bounds what strangers can make an echo remember; the book that was not used for longest goes.
const maxBooks = 1024

// note enters a ping; nil = its runner does not ask.
func (b *books) note(from string, p ping.Ping) *bench.Seen {
	if p.Run == nil {
		return nil
	}
	if b.runs == nil {
		b.runs = map[string]*book{}
	}
	b.tick++
	b.key = append(append(append(b.key[:0], from...), 0), p.Run...)
	entry := b.runs[string(b.key)]
	if entry == nil {
		if len(b.runs) >= maxBooks {
			oldest, at := "", uint64(0)
			for key, e := range b.runs {
				if at == 0 || e.used < at {
					oldest, at = key, e.used
				}
			}
			delete(b.runs, oldest)
		}
		entry = &book{}
		b.runs[string(b.key)] = entry
	}
	entry.used = b.tick
	entry.seen.Note(p.Number())
	return &entry.seen
}
