//go:build !unix

package scratch

import "io/fs"

// Ours is true: the folder for temporary files is a user's own here.
func Ours(fs.FileInfo) bool { return true }
