//go:build !windows

package cli

import (
	"os"
	"syscall"
)

// hangupSignal ends a command as SIGTERM does, and asks rtcbench run to read its file again.
var hangupSignal os.Signal = syscall.SIGHUP
