//go:build !unix

package browser

import "os"

// alive reports whether a process with this PID exists.
func alive(pid int) bool {
	p, err := os.FindProcess(pid)
	if err != nil {
		return false
	}
	p.Release()
	return true
}
