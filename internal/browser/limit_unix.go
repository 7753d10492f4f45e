//go:build unix

package browser

import "syscall"

// fileLimit is how many files a child process may open.
func fileLimit() (most uint64, known bool) {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return 0, false
	}
	return uint64(l.Max), true
}
