package bench

import (
	"io/fs"
	"time"
)

// NewProberOn is NewProber on a machine of the test's: what stands in its proc, and what its wall clock says.
func NewProberOn(s Session, clock Clock, proc fs.FS, wall func() time.Time) Prober {
	return &prober{s, clock, source{proc, wall}}
}

// Break gives the ground that c finds where value was measured.
func (c Criterion) Break(value float64) (Ground, bool) {
	c.value = func(Run, Summary) (float64, bool) { return value, true }
	c.text = func(Run, Summary, float64) string { return "" }
	return c.judge(Run{}, Summary{})
}
