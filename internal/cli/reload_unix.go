//go:build !windows

package cli

import (
	"os"
	"syscall"
)

// reloadSignal asks rtcbench run to read its file again.
var reloadSignal os.Signal = syscall.SIGHUP
