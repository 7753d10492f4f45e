//go:build !unix

package browser

// fileLimit is not known: this system has no such limit.
func fileLimit() (most uint64, known bool) { return 0, false }

// sizeLimits are not known, either.
func sizeLimits() (memory, file uint64) { return 0, 0 }
