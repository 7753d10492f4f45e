//go:build !unix

package scratch

import "io/fs"

// ours is true: the folder for temporary files is a user's own here.
func ours(fs.FileInfo) bool { return true }
