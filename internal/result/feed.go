package result

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"

	"github.com/go-json-experiment/json/jsontext"
)

// mostKept is how many bytes are kept to be read again.
const mostKept = 256 << 20

// feed passes lines to a JSON decoder. The first line is given. From the first line on in which another value may
// begin, feed keeps the lines. If the value that is being read was cut off, these lines are read again.
type feed struct {
	lines  *lines
	utf16  bool
	now    line   // the lines that were passed on last: one or several
	left   []byte // part of now that was not passed on yet
	fed    int64  // bytes of all lines so far
	indent []byte // of the first line
	begins []line
	kept   int      // bytes of begins
	text   [][]byte // all lines so far, until forget
	forgot bool
	buffer []byte
	err    error
	wrong  error // error about invalid characters in the lines
}

func (f *feed) Read(p []byte) (int, error) {
	if len(f.left) == 0 {
		if f.fed > longestValue {
			f.err = fmt.Errorf("a value is longer than %d GB", longestValue>>30)
		}
		if f.err != nil {
			return 0, f.err
		}
		f.check(f.now.text)
		if err := f.more(); err != nil {
			f.err = err
			return 0, err
		}
	}
	n := copy(p, f.left)
	f.left = f.left[n:]
	return n, nil
}

// more takes the next line, or several lines at once.
func (f *feed) more() error {
	if len(f.begins) == 0 {
		if !f.forgot {
			f.buffer = nil
		}
		n := f.lines.n + 1
		f.buffer = f.lines.middle(f.buffer[:0], func(text []byte) bool { return !f.beginsIn(text) })
		if len(f.buffer) > 0 {
			f.take(line{n, f.buffer})
			return nil
		}
	}
	x, err := f.lines.next()
	if err != nil {
		return err
	}
	if (len(f.begins) > 0 || f.beginsIn(x.text)) && f.kept < mostKept {
		f.begins, f.kept = append(f.begins, x), f.kept+len(x.text)
	}
	f.take(x)
	return nil
}

func (f *feed) take(x line) {
	f.now, f.left, f.fed = x, x.text, f.fed+int64(len(x.text))
	if !f.forgot {
		f.text = append(f.text, x.text)
	}
}

// forget drops the text of the value: nobody needs it.
func (f *feed) forget() { f.text, f.forgot = nil, true }

// whole is the text of the value up to end; nil = it was forgotten.
func (f *feed) whole(end int64) []byte {
	switch {
	case f.forgot:
		return nil
	case len(f.text) == 1: // the line may hold several values
		return f.text[0][:end]
	}
	return bytes.Join(f.text, nil)[:end]
}

// check notes invalid characters in text.
func (f *feed) check(text []byte) {
	if f.wrong == nil {
		f.wrong = CheckText(text)
	}
	if f.wrong == nil && f.utf16 && bytes.ContainsRune(text, '\uFFFD') {
		f.wrong = errors.New("there is something in it that is no character of UTF-16")
	}
}

// after ends the value at end, and gives the lines after it that were taken already.
func (f *feed) after(end int64) (list []line) {
	n, rest := f.place(end)
	f.check(f.now.text[:len(f.now.text)-len(rest)])
	for text := range bytes.Lines(rest) {
		list = append(list, line{n, text})
		n++
	}
	return list
}

// place is the number of the line that contains offset, and the text from offset on.
func (f *feed) place(offset int64) (n int, rest []byte) {
	text := f.now.text
	at := min(max(0, offset-(f.fed-int64(len(text)))), int64(len(text)))
	return f.now.n + bytes.Count(text[:at], []byte("\n")), text[at:]
}

// beginnings matches the beginnings of our files and of the original tool's files on one line.
var beginnings = regexp.MustCompile(`\{"(?:platform|daily|livekit|outbox)":`)

// wholeBehind is the complete value that follows a cut-off value in the same line; nil = there is none. It comes from a
// process that was killed while it wrote a line: the next process continued the line.
func (f *feed) wholeBehind() []byte {
	text := f.now.text
	for _, at := range beginnings.FindAllIndex(text[min(1, len(text)):], 8) {
		rest := text[at[0]+1:]
		if dec := jsontext.NewDecoder(bytes.NewReader(bytes.TrimRight(rest, " \t\r\n,]")), reading); valuesOnly(dec) {
			return rest
		}
	}
	return nil
}

func valuesOnly(dec *jsontext.Decoder) bool {
	for {
		if err := dec.SkipValue(); err != nil {
			return errors.Is(err, io.EOF)
		}
	}
}

// beginsIn reports whether a value may begin in text, at most as far right as the value that is being read began, or
// whether the text is not JSON.
func (f *feed) beginsIn(text []byte) bool {
	rest, same := bytes.CutPrefix(text, f.indent)
	if len(rest) == 0 {
		return false
	}
	if same && rest[0] == '{' {
		return true
	}
	switch c := text[0]; c {
	case ' ', '\t', '\r', '\n', '{', '}', '[', ']', '"', ',', '-':
		return false
	default:
		return c < '0' || c > '9'
	}
}
