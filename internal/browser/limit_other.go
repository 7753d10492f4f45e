//go:build !unix

package browser

// fileLimit is not known: this system has no such limit.
func fileLimit() (most uint64, known bool) { return 0, false }
