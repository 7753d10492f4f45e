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

// kinds are kinds of files without text, with the bytes at their beginning. People may mistake them for result files,
// so the error names the kind.
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

// The mark of a tar archive follows the name of its first file (POSIX, pax).
const (
	tar   = "ustar"
	tarAt = 257
)

// ErrStore is wrapped by the error of Decode for a file that is a store and not a file of runs.
var ErrStore = errors.New("it is a store")

var (
	errEmpty    = errors.New("the file is empty: there is no run in it")
	errBrackets = errors.New("there is no run in it: brackets and commas are all that it has")
)

// textOf is the content of r as UTF-8, decompressed, and without a byte order mark (U+FEFF). utf16 says that the
// content was in UTF-16, as PowerShell writes it. Invalid characters of UTF-16 become U+FFFD.
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

// unpacked decompresses gzip. A file may have several gzip members, one after the other. Errors say that gzip is
// damaged.
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

// next begins the next gzip member. Zero bytes after a member are skipped: tapes and disks pad files with them.
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
	// longestValue is the most bytes of a run as JSON. Ten million pings take less.
	longestValue = 4 << 30
	// longestProse is how many bytes are read of a line that is not JSON.
	longestProse = 1 << 20
)

// line is a line of a file, or its rest.
type line struct {
	n    int // from 1
	text []byte
}

// lines reads a file line by line. It removes the prefixes that log collectors add to lines.
type lines struct {
	r     *bufio.Reader
	n     int
	again []line // lines to read again, the last one first
	log   bool   // a line had a prefix
}

// before matches the prefixes of lines: of containerd and CRI-O, of docker and kubectl with time stamps, of docker
// compose, of kubectl --prefix, of syslog and of journald.
var before = regexp.MustCompile(`^(?:\d{4}-\d\d-\d\dT[0-9:.,]+(?:Z|[+-]\d\d:?\d\d)? (?:(?:stdout|stderr) ([FP]) ` +
	`)?|[\w.-]+ +\| |\[pod/[^\]]+\] |[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d |[\w.-]+ [\w./-]+(?:\[\d+\])?: )`)

// next is the next line with its line break. A line that a log has split is joined.
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

// putBack makes next return list again.
func (l *lines) putBack(list []line) {
	for _, x := range slices.Backward(list) {
		l.again = append(l.again, x)
	}
}

// middle appends to text the lines that are in the buffer already and for which pass is true. It stops before a line
// that may begin a value or have a prefix. This is a fast path of next: files of many pings consist of such lines.
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

// unprefixed reports whether a line that begins with c has no prefix.
func unprefixed(c byte) bool { return c == ' ' || c == '"' || c == '{' || c == '}' || c == ']' }

// stripped is a line without its prefix. part says that the next line continues it.
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

// raw is a line as it is. A long line that is not JSON is cut.
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

// json reports whether text may contain JSON: a brace near the beginning, perhaps after a prefix.
func (l *lines) json(text []byte) bool {
	return bytes.IndexByte(text[:min(len(text), 4096)], '{') >= 0 && bytes.IndexByte(text[:min(len(text), 4096)], 0) < 0
}
