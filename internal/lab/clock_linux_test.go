package lab

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Two processes that read their clocks at different moments are on one time line, though the wall clock was moved in
// between.
func TestOneTimeLine(t *testing.T) {
	// the wall clock is an hour ahead of what it was for the router
	n := &Network{router: &router{start: time.Now().Add(-time.Hour)}}
	unix.ClockGettime(unix.CLOCK_MONOTONIC, &n.router.base)
	clock, err := ClockOf(n.ClockReading())
	if err != nil {
		t.Fatal(err)
	}
	router := func() float64 { return float64(n.router.start.UnixNano())/1e6 + float64(n.router.now())/1e6 }
	// Between two readings of the router's clock, and a rounding.
	before, here, after := router(), clock.UnixMilli(time.Now()), router()
	if here < before-1 || here > after+1 {
		t.Errorf("%v is not between %v and %v of the router's clock", here, before, after)
	}
	for _, reading := range []string{"", "1", "x/y"} {
		if _, err := ClockOf(reading); err == nil {
			t.Errorf("%q is a clock", reading)
		}
	}
}
