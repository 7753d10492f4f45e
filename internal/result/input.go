package result

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// kinds are files that hold no text, by how they begin. What people may have taken for a file of results is said by its
// name.
var kinds = []struct{ magic, what string }{
	{"PK\x03\x04", "a zip archive: unpack it first"},
	{"PK\x05\x06", "a zip archive, with nothing in it"},
	{"\x28\xb5\x2f\xfd", "compressed by zstd: unpack it first (zstd -d)"},
	{"BZh", "compressed by bzip2: unpack it first (bunzip2)"},
	{"\xfd7zXZ\x00", "compressed by xz: unpack it first (unxz)"},
	{"7z\xbc\xaf\x27\x1c", "a 7z archive: unpack it first"},
	{"\x04\x22\x4d\x18", "compressed by lz4: unpack it first (lz4 -d)"},
	{"PAR1", "a Parquet file, and no JSON"},
	{"\xff\xfe\x00\x00", "UTF-32: save it as UTF-8"},
	{"\x00\x00\xfe\xff", "UTF-32: save it as UTF-8"},
	{"%PDF", "a PDF, and no JSON"},
}

// A tar archive says what it is behind the name of its first file (POSIX, pax).
const (
	tar   = "ustar"
	tarAt = 257
)

// ErrStore is wrapped by the error of Decode for a file that is a store of runs, and no file of them.
var ErrStore = errors.New("it is a store")

var (
	errEmpty    = errors.New("the file is empty: there is no run in it")
	errBrackets = errors.New("there is no run in it: brackets and commas are all that it has")
)

// textOf is the text of r as UTF-8: unpacked, and without the mark that some editors and shells put before it (U+FEFF).
// PowerShell writes UTF-16. utf16 says that it was: what was no character there is U+FFFD now.
func textOf(r io.Reader) (text *bufio.Reader, utf16 bool, err error) {
	for range 3 {
		text = bufio.NewReaderSize(r, 64<<10)
		head, err := text.Peek(len(tar) + tarAt)
		if len(head) == 0 && err != nil {
			if errors.Is(err, io.EOF) {
				err = errEmpty
			}
			return nil, false, err
		}
		if bytes.HasPrefix(head, []byte("SQLite format 3\x00")) {
			return nil, false, ErrStore
		}
		for _, k := range kinds {
			if bytes.HasPrefix(head, []byte(k.magic)) {
				return nil, false, fmt.Errorf("it is %s", k.what)
			}
		}
		if len(head) == len(tar)+tarAt && string(head[tarAt:]) == tar {
			return nil, false, errors.New("it is a tar archive: unpack it first (tar -xf)")
		}
		switch {
		case bytes.HasPrefix(head, []byte("\x1f\x8b")):
			if r, err = unpack(text); err != nil {
				return nil, false, err
			}
			continue
		case bytes.HasPrefix(head, []byte("\xff\xfe")), len(head) > 1 && head[0] != 0 && head[1] == 0:
			utf16, r = true, wide(text, unicode.LittleEndian)
			continue
		case bytes.HasPrefix(head, []byte("\xfe\xff")), len(head) > 1 && head[0] == 0 && head[1] != 0:
			utf16, r = true, wide(text, unicode.BigEndian)
			continue
		case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
			text.Discard(3)
		}
		return text, utf16, nil
	}
	return nil, false, errors.New("it is packed several times over: unpack it first")
}

// unpacked is what gzip packed, one piece after the other, as joined files have several. Its errors say so.
type unpacked struct {
	*gzip.Reader
	from *bufio.Reader
}

func unpack(from *bufio.Reader) (*unpacked, error) {
	z, err := gzip.NewReader(from)
	if err != nil {
		return nil, unpacking(err)
	}
	z.Multistream(false)
	return &unpacked{z, from}, nil
}

func (u *unpacked) Read(p []byte) (int, error) {
	n, err := u.Reader.Read(p)
	if err == io.EOF {
		err = u.next()
	}
	return n, unpacking(err)
}

// next begins the piece that follows. Zero bytes behind the last one are what tapes and disks fill up with.
func (u *unpacked) next() error {
	for {
		head, err := u.from.Peek(2)
		switch {
		case len(head) > 0 && head[0] == 0:
			u.from.Discard(1)
			continue
		case len(head) == 0:
			return err
		case string(head) != "\x1f\x8b":
			return errors.New("it is packed by gzip, and behind the end of that is something else, which was not read")
		}
		if err := u.Reset(u.from); errors.Is(err, io.EOF) {
			return io.ErrUnexpectedEOF
		} else if err != nil {
			return err
		}
		u.Multistream(false)
		return nil
	}
}

func unpacking(err error) error {
	var damaged flate.CorruptInputError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("it is packed by gzip, and was cut off: its end is missing")
	case errors.As(err, &damaged), errors.Is(err, gzip.ErrChecksum), errors.Is(err, gzip.ErrHeader):
		return errors.New("it is packed by gzip, and damaged (gzip -t says so too)")
	}
	return err
}

func wide(r io.Reader, order unicode.Endianness) io.Reader {
	return transform.NewReader(r, unicode.UTF16(order, unicode.UseBOM).NewDecoder())
}

const (
	// longestValue is how many bytes one run may take as JSON: ten million pings take less.
	longestValue = 4 << 30
	// longestProse is how much of a line is read that does not begin as JSON does.
	longestProse = 1 << 20
)

// line is a line of a file, or the rest of one.
type line struct {
	n    int // from 1
	text []byte
}

// lines reads a file line by line, without what programs that collect logs put before each.
type lines struct {
	r     *bufio.Reader
	n     int
	again []line // to be read once more, the last one first
	log   bool   // something stood before the lines
}

// before is what stands before each line: of containerd and CRI-O, of docker and kubectl with time stamps, of docker
// compose, of kubectl --prefix, of syslog and journald.
var before = regexp.MustCompile(`^(?:\d{4}-\d\d-\d\dT[0-9:.,]+(?:Z|[+-]\d\d:?\d\d)? (?:(?:stdout|stderr) ([FP]) ` +
	`)?|[\w.-]+ +\| |\[pod/[^\]]+\] |[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d |[\w.-]+ [\w./-]+(?:\[\d+\])?: )`)

// next is the next line with its line break. A value that a log keeps in pieces is put together again.
func (l *lines) next() (line, error) {
	if n := len(l.again); n > 0 {
		x := l.again[n-1]
		l.again = l.again[:n-1]
		return x, nil
	}
	text, part, err := l.stripped()
	first := l.n
	for part && err == nil {
		var more []byte
		more, part, err = l.stripped()
		text = append(bytes.TrimRight(text, "\r\n"), more...)
	}
	if len(text) > 0 {
		err = nil
	}
	return line{first, text}, err
}

// putBack lets list be read once more.
func (l *lines) putBack(list []line) {
	for _, x := range slices.Backward(list) {
		l.again = append(l.again, x)
	}
}

// middle adds to text the lines that were read ahead and that pass, up to the first in which a value or a log's line
// may begin: next would give the same ones. Files of many pings consist of such lines.
func (l *lines) middle(text []byte, pass func(line []byte) bool) []byte {
	if len(l.again) > 0 {
		return text
	}
	ahead, _ := l.r.Peek(l.r.Buffered())
	end := 0
	for {
		rest := ahead[end:]
		size := bytes.IndexByte(rest, '\n') + 1
		if size == 0 || !unprefixed(rest[0]) || rest[0] == '{' || !pass(rest[:size]) {
			break
		}
		end += size
		l.n++
	}
	text = append(text, ahead[:end]...)
	l.r.Discard(end)
	return text
}

// unprefixed reports whether nothing that a log has stands before a line that begins with c.
func unprefixed(c byte) bool { return c == ' ' || c == '"' || c == '{' || c == '}' || c == ']' }

// stripped is one line without what stands before it. part says that the next one is its continuation.
func (l *lines) stripped() (text []byte, part bool, err error) {
	text, err = l.raw()
	if len(text) == 0 {
		return nil, false, err
	}
	if c := text[0]; c == '{' && bytes.HasPrefix(text, []byte(`{"log":`)) {
		var docker struct{ Log, Stream *string }
		if json.Unmarshal(text, &docker) == nil && docker.Log != nil && docker.Stream != nil {
			l.log = true
			return []byte(*docker.Log), len(*docker.Log) > 0 && (*docker.Log)[len(*docker.Log)-1] != '\n', nil
		}
	} else if !unprefixed(c) {
		for m := before.FindSubmatch(text); m != nil; m = before.FindSubmatch(text) {
			l.log, part, text = true, string(m[1]) == "P", text[len(m[0]):]
		}
	}
	return text, part, nil
}

// raw is one line. Of one that is no JSON, and longer than anybody would write, the beginning is enough.
func (l *lines) raw() (text []byte, err error) {
	l.n++
	for {
		piece, err := l.r.ReadSlice('\n')
		if len(text) < longestProse || l.json(text) {
			text = append(text, piece...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull) && len(text) <= longestValue:
		case errors.Is(err, bufio.ErrBufferFull):
			return nil, fmt.Errorf("line %d is longer than %d GB", l.n, longestValue>>30)
		case err != nil && len(text) > 0 && errors.Is(err, io.EOF):
			return text, nil
		default:
			return text, err
		}
	}
}

// json reports whether text may be JSON: it begins so, with something before it that logs have.
func (l *lines) json(text []byte) bool {
	return bytes.IndexByte(text[:min(len(text), 4096)], '{') >= 0 && bytes.IndexByte(text[:min(len(text), 4096)], 0) < 0
}
