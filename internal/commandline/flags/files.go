package flags

import (
	"fmt"

	"rtcbench/internal/files"
	"rtcbench/internal/keep"
	"rtcbench/internal/settings"
)

// File is a file that a command is to write, as a flag names it; the paths "" and "-" name none.
type File struct {
	Flag, Path string
	As         []string // what it can be written as; of several, the name chooses
}

// Result are the formats of results.
var Result = []string{"json"}

// Writable finds out, before anything is done, whether the files of list can be written at the end. No name may promise
// a format that the file will not have, each file must be possible at its place, and none may take the place of another
// file, of a store, or of what the command reads.
func Writable(c *settings.Check, to keep.Stores, reads []string, list ...File) error {
	for i, f := range list {
		if f.Path == "" || f.Path == "-" && f.Flag == "output" {
			continue
		}
		taken := ""
		for _, other := range list[:i] {
			if other.Path != "" && files.Same(other.Path, f.Path) {
				taken = fmt.Sprintf("%s is to be the same file", c.Name(other.Flag))
			}
		}
		for _, t := range to.Targets {
			if t.File != "" && files.Same(t.File, f.Path) {
				taken = "that is the store itself"
			}
		}
		for _, name := range reads {
			if files.Same(name, f.Path) {
				taken = "that is read here, and would be lost"
			}
		}
		_, err := files.Format(f.Path, f.As...)
		switch {
		case f.Path == "-":
			err = fmt.Errorf("standard output is the table's; name a file")
		case err == nil && taken != "":
			err = fmt.Errorf("%s; name another file", taken)
		case err == nil:
			err = keep.Writable(f.Path)
		}
		if err != nil {
			return settings.Usagef("%s %q: %w", c.Name(f.Flag), f.Path, err)
		}
	}
	return nil
}
