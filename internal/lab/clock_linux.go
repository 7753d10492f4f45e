package lab

import (
	"fmt"
	"math"
	"time"

	"golang.org/x/sys/unix"

	"rtcbench/bench"
)

// ClockReading describes the router's clock for the processes of a lab: what its wall clock showed, and its monotonic
// clock at that moment, both in ns.
func (n *Network) ClockReading() string {
	return fmt.Sprintf("%d/%d", n.router.start.UnixNano(), n.router.base.Nano())
}

// ClockOf is the clock that a ClockReading describes. All processes of a machine share the monotonic clock, so
// processes with the same reading are on one time line, whatever is done to the wall clock meanwhile.
func ClockOf(reading string) (bench.Clock, error) {
	var wall, mono int64
	if _, err := fmt.Sscanf(reading, "%d/%d", &wall, &mono); err != nil {
		return bench.Clock{}, fmt.Errorf("the clock of a lab %q: %w", reading, err)
	}
	now, at, err := twoReadings()
	if err != nil {
		return bench.Clock{}, err
	}
	return bench.ClockShowing(now, float64(wall+at-mono)/1e6), nil
}

// twoReadings are Go's clock and the system's monotonic clock at one moment. A pause of the process between the two
// calls would be in every measurement, so the closest pair of several readings counts.
func twoReadings() (now time.Time, monotonic int64, err error) {
	const tries = 20
	closest := int64(math.MaxInt64)
	for range tries {
		var before, after unix.Timespec
		if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &before); err != nil {
			return now, 0, err
		}
		t := time.Now()
		if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &after); err != nil {
			return now, 0, err
		}
		if apart := after.Nano() - before.Nano(); apart < closest {
			closest, now, monotonic = apart, t, before.Nano()+apart/2
		}
	}
	return now, monotonic, nil
}
