package browser

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

const (
	// leastFiles is how many open files Chromium needs. Chromium raises its own limit up to the hard one.
	leastFiles = 256
	// longestTmp is the longest path of the folder for temporary files in which full Chromium can make its socket: the
	// system takes 107 bytes for the path of one (unix(7)), and /org.chromium.Chromium.XXXXXX/SingletonSocket is 45.
	longestTmp = 107 - 45
	// leastMemory is less than the address space that Chromium reserves, most of which it never uses.
	leastMemory = 1 << 40
	// leastFile is more than Chromium writes into a file of a fresh profile, or into memory that its processes share.
	leastFile = 1 << 30
)

// enough says what would keep a browser from starting, where that is known beforehand. The browser itself would end
// without an error message.
func enough(path string) error {
	if most, known := fileLimit(); known && most < leastFiles {
		return fmt.Errorf("start %s: at most %d open files are allowed here, and Chromium needs %d (ulimit -n, or "+
			"LimitNOFILE of a service)", path, most, leastFiles)
	}
	dir, err := filepath.Abs(os.TempDir())
	if err == nil && runtime.GOOS == "linux" && !isShell(path) && len(dir) > longestTmp {
		return fmt.Errorf("start %s: the folder for temporary files has a path of %d characters, and Chromium's "+
			"socket there may have %d (set TMPDIR to a shorter one, or install chromium-headless-shell)",
			path, len(dir), longestTmp)
	}
	return nil
}

// tight names the limits of sizes under which a browser may end without an error message; "" = there is none. Both
// are in bytes; 0 = not known. How much Chromium needs depends on its version, so a limit alone is no error.
func tight(memory, file uint64) string {
	const mb = 1 << 20
	switch {
	case memory > 0 && memory < leastMemory:
		return fmt.Sprintf("it may reserve %d MB of memory here, and Chromium reserves more than %d: ulimit -v "+
			"unlimited, or LimitAS of a service", memory/mb, leastMemory/mb)
	case file > 0 && file < leastFile:
		return fmt.Sprintf("a file may have %.3g MB here: ulimit -f unlimited, or LimitFSIZE of a service",
			float64(file)/mb)
	}
	return ""
}
