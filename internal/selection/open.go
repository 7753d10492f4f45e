package selection

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"rtcbench/internal/settings"
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
	f, err := os.Open(path)
	var at *fs.PathError
	if errors.As(err, &at) && settings.ShownName(path) == settings.Hidden(path) { // a secret in a file's place
		at.Path = settings.Hidden(path)
	}
	return f, err
}
