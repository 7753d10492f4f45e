package lab

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"rtcbench/bench"
)

// Anchor names the router's clock for the processes of a lab: what its wall clock showed, and its monotonic one at that moment, in ns.
func (n *Network) Anchor() string {
	return fmt.Sprintf("%d/%d", n.router.start.UnixNano(), n.router.base.Nano())
}

// ClockAt is the clock that an Anchor names. All processes of a machine have the monotonic clock together, so those with one anchor are on one time line,
// whatever is done to the wall clock meanwhile.
func ClockAt(anchor string) (bench.Clock, error) {
	var wall, mono int64
	if _, err := fmt.Sscanf(anchor, "%d/%d", &wall, &mono); err != nil {
		return bench.Clock{}, fmt.Errorf("the clock of a lab %q: %w", anchor, err)
	}
	var t unix.Timespec
	now := time.Now()
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &t); err != nil {
		return bench.Clock{}, err
	}
	return bench.ClockShowing(now, float64(wall+t.Nano()-mono)/1e6), nil
}
