package result

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"

	"github.com/go-json-experiment/json/jsontext"
)

// mostKept is how many bytes are remembered that may have to be read again.
const mostKept = 256 << 20

// feed hands lines to a decoder of JSON, the first of which is given, and remembers them from the first on at which
// another value can begin: if this one was cut off, they are read again.
type feed struct {
	lines  *lines
	utf16  bool
	now    line   // the last line that was handed on, or several of them
	left   []byte // of now, not handed on yet
	fed    int64  // bytes of all lines so far
	indent []byte // of the first line
	begins []line
	kept   int      // bytes of begins
	text   [][]byte // all lines so far, until they are forgotten
	forgot bool
	buffer []byte
	err    error
	wrong  error // what is in the lines that is no character
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

// more takes the next line, or as many as can be taken together.
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

// forget says that nobody will ask for the text of the value.
func (f *feed) forget() { f.text, f.forgot = nil, true }

// whole is the text up to end; nil = it is forgotten.
func (f *feed) whole(end int64) []byte {
	switch {
	case f.forgot:
		return nil
	case len(f.text) == 1: // this line may hold many values
		return f.text[0][:end]
	}
	return bytes.Join(f.text, nil)[:end]
}

// check notes what in text is no character.
func (f *feed) check(text []byte) {
	if f.wrong == nil {
		f.wrong = CheckText(text)
	}
	if f.wrong == nil && f.utf16 && bytes.ContainsRune(text, '\uFFFD') {
		f.wrong = errors.New("there is something in it that is no character of UTF-16")
	}
}

// after ends the value at end, and gives the lines that follow it and were taken already.
func (f *feed) after(end int64) (list []line) {
	n, rest := f.place(end)
	f.check(f.now.text[:len(f.now.text)-len(rest)])
	for text := range bytes.Lines(rest) {
		list = append(list, line{n, text})
		n++
	}
	return list
}

// place is the line in which offset is, and what follows it.
func (f *feed) place(offset int64) (n int, rest []byte) {
	text := f.now.text
	at := min(max(0, offset-(f.fed-int64(len(text)))), int64(len(text)))
	return f.now.n + bytes.Count(text[:at], []byte("\n")), text[at:]
}

// beginnings are how our files and those of the original tool begin, in lines.
var beginnings = regexp.MustCompile(`\{"(?:platform|daily|livekit|outbox)":`)

// wholeBehind is what stands whole behind a value that has no end, in the same line: who was killed while it wrote left
// no line break, and the next one wrote on. nil = there is none.
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

// beginsIn reports whether a value can begin in text as far left as the one that is read did, or something that is no
// JSON.
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
