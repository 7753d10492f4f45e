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
