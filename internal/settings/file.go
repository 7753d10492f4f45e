package settings

import (
	"errors"
	"io"
	"io/fs"
	"os"
)

// mostText is more than any file of jobs, of a network or of what a caller says has.
const mostText = 4 << 20

var errNoText = errors.New("it has more than 4 MB, as no such file has")

// ReadFile is the text of a file that somebody named. A device, or a file of results, that was named by mistake is not
// read to its end.
func ReadFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, mostText+1))
	if len(data) > mostText {
		return nil, &fs.PathError{Op: "read", Path: path, Err: errNoText}
	}
	return data, err
}
