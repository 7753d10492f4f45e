package signals

import "runtime/debug"

// WithLittleMemory keeps the memory of this process small until back is called. A process that is told to stop in the
// middle of millions of pings has not ended until the system has taken back all of its memory.
func WithLittleMemory() (back func()) {
	before := debug.SetGCPercent(25)
	return func() { debug.SetGCPercent(before) }
}
