package settings

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
)

// mostText is more than any file of jobs, of a network or of what a caller says has.
const mostText = 4 << 20

var errNoText = errors.New("it has more than 4 MB, as no such file has")

// ReadFile is the text of a file that somebody named; "-" is standard input. A device, or a file of results, that was
// named by mistake is not read to its end.
func ReadFile(path string) ([]byte, error) {
	if path == "-" {
		return ReadInput(mostText)
	}
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

// input is what standard input has, which can be read once: a command may ask for it again, as a schedule does.
var input struct {
	sync.Mutex
	read bool
	data []byte
	err  error
}

// ReadInput is all that standard input has, if it is no more than most bytes.
func ReadInput(most int) ([]byte, error) {
	input.Lock()
	defer input.Unlock()
	if !input.read {
		input.read = true
		input.data, input.err = io.ReadAll(io.LimitReader(os.Stdin, mostInput+1))
	}
	if len(input.data) > most {
		return nil, fmt.Errorf("standard input has more than %d MB", most>>20)
	}
	return input.data, input.err
}

// mostInput is more than is taken of standard input by anybody: minutes of speech.
const mostInput = 64 << 20
