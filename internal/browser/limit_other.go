//go:build !unix

package browser

// fileLimit is not known: there is none here.
func fileLimit() (most uint64, known bool) { return 0, false }
