package sqlite

import (
	"os"
	"path/filepath"
	"strings"

	"rtcbench/bench"
)

// Kind is the beginning of the name of every store of this package.
const Kind = "sqlite:"

// Name is the name that identifies the store at path.
func Name(path string) string { return Kind + path }

// Like says whether another name may mean the file at path.
func Like(path, name string) bench.Likeness {
	other, ok := strings.CutPrefix(name, Kind)
	if ok && (realPath(other) == realPath(path) || sameFile(other, path)) {
		return bench.Same
	}
	return bench.Another
}

// realPath is path with the symbolic links of its folder resolved.
func realPath(path string) string {
	if dir, err := filepath.EvalSymlinks(filepath.Dir(path)); err == nil {
		return filepath.Join(dir, filepath.Base(path))
	}
	return filepath.Clean(path)
}

func sameFile(a, b string) bool {
	one, err := os.Stat(a)
	other, missing := os.Stat(b)
	return err == nil && missing == nil && os.SameFile(one, other)
}
