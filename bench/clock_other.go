//go:build !linux

package bench

import "time"

// KernelClockError is known on Linux only.
func KernelClockError() (most time.Duration, known bool) { return 0, false }
