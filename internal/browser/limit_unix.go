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

// sizeLimits are the bytes that a child process may reserve in memory, and write into a file; 0 = not known.
func sizeLimits() (memory, file uint64) {
	soft := func(resource int) uint64 {
		var l syscall.Rlimit
		if err := syscall.Getrlimit(resource, &l); err != nil {
			return 0
		}
		return uint64(l.Cur)
	}
	return soft(syscall.RLIMIT_AS), soft(syscall.RLIMIT_FSIZE)
}
