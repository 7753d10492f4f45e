package selection

import (
	"fmt"
	"io"
	"os"
	"strings"
)

// Open opens a file of results; - is standard input.
func Open(path string) (io.ReadCloser, error) {
	if path == "-" {
		return io.NopCloser(os.Stdin), nil
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return nil, fmt.Errorf("%s is a folder: name the files in it, as %s", path,
			strings.TrimRight(path, "/")+"/*.json")
	}
	return os.Open(path)
}
