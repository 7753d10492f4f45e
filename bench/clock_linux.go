package bench

import (
	"syscall"
	"time"
)

// KernelClockError is how far the kernel takes its wall clock to be from UTC at the most, where something keeps it
// right: the maxerror of adjtimex(2), which chronyd and ntpd keep up to date and which grows by 500 ppm in between.
func KernelClockError() (most time.Duration, known bool) {
	const (
		unsynchronised = 0x40 // STA_UNSYNC
		timeError      = 5    // TIME_ERROR
	)
	var t syscall.Timex
	state, err := syscall.Adjtimex(&t)
	return time.Duration(t.Maxerror) * time.Microsecond, err == nil && state != timeError &&
		t.Status&unsynchronised == 0
}
