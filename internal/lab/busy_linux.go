package lab

import (
	"context"
	"fmt"
	"runtime"

	"golang.org/x/sys/unix"
)

// KeepBusy keeps one processor busy with nothing until ctx ends, at the lowest of all priorities (SCHED_IDLE,
// sched(7)): any other thread that wants to run does so at once. A processor with nothing to do goes to sleep and takes
// long to wake up, a virtual one above all. With one busy thread for each processor, the time that a scenario takes
// beyond the floor is the scenario's own.
func KeepBusy(ctx context.Context) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	const idle = 5 // SCHED_IDLE
	if err := unix.SchedSetAttr(0, &unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: idle}, 0); err != nil {
		return fmt.Errorf("take the lowest priority: %w", err)
	}
	for ctx.Err() == nil {
		for range 100_000 {
		}
	}
	return nil
}
