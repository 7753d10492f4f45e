//go:build !windows

package signals

import (
	"os"
	"syscall"
)

// Hangup ends a command as SIGTERM does, and asks rtcbench run to read its file again.
var Hangup os.Signal = syscall.SIGHUP
