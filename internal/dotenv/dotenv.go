// Package dotenv reads files of lines NAME=value. A value is what is written: nothing in it is replaced by anything.
//
// Such a file may be for several programs. What the package does not understand is no error of the file: it is an
// error of the variable that the line names, and lines that name none are left out.
package dotenv

import (
	"bytes"
	"encoding/binary"
	"errors"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf16"
)

// Var is what a file says of one variable. The last line that names it counts.
type Var struct {
	Value string
	Line  int // the first is 1
	Err   error
}

// Reasons why a line says nothing of the variable that it names. No text of the line is in them: it may be a secret.
var (
	ErrForm   = errors.New("the line is not of the form NAME=value")
	ErrOpen   = errors.New("the quote is not closed")
	ErrBehind = errors.New("there is text behind the closing quote")
)

// named is a line that names a variable: NAME=value, export NAME=value, also with spaces and with a colon, as YAML has
// it. In the other forms that it matches (NAME value, set NAME=value) no value is read.
var named = regexp.MustCompile(`^\s*(?:(export|set|setenv)\s+)?([A-Za-z_][A-Za-z0-9_]*)(?:\s*([=:])(.*)|\s+(.*))?$`)

// Parse reads a file: UTF-8, or UTF-16. Lines end as on any system.
func Parse(data []byte) map[string]Var {
	text := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(decoded(data))
	vars := map[string]Var{}
	for line, rest := 1, text; rest != ""; line++ {
		first, after, _ := strings.Cut(rest, "\n")
		m := named.FindStringSubmatch(strings.TrimLeftFunc(first, unseen))
		if m == nil {
			rest = after
			continue
		}
		prefix, name, sign, value := m[1], m[2], m[3], m[4]
		v := Var{Line: line}
		switch {
		case sign == "" && prefix == "export" && m[5] == "": // the line passes on what another line has set
			rest = after
			continue
		case sign == "" || prefix != "" && prefix != "export":
			v.Err = ErrForm
			rest = after
		default:
			var used int
			v.Value, used, v.Err = read(value, after)
			line += used - 1
			for rest = after; used > 1; used-- {
				_, rest, _ = strings.Cut(rest, "\n")
			}
		}
		vars[name] = v
	}
	return vars
}

// unseen are what may stand before a name without being seen: a no-break space from a web page, and the byte order mark
// of a file that was put behind another one.
func unseen(r rune) bool { return unicode.IsSpace(r) || r == '\ufeff' || r == '\u200b' }

// read reads a value from the rest of its line and the lines after it. used is how many lines it takes.
func read(rest, after string) (value string, used int, err error) {
	trimmed := strings.TrimSpace(rest)
	switch {
	case trimmed == "":
		return "", 1, nil
	case trimmed[0] == '"' || trimmed[0] == '\'':
		return inQuotes(strings.TrimLeft(rest, " \t"), after)
	case trimmed[0] == '#' && rest[0] != '#': // nothing, and a comment
		return "", 1, nil
	}
	if i := comment.FindStringIndex(rest); i != nil {
		trimmed = strings.TrimSpace(rest[:i[0]])
	}
	return trimmed, 1, nil
}

var comment = regexp.MustCompile(`\s#`)

// inQuotes reads what stands between quotes, over several lines if need be.
func inQuotes(first, after string) (value string, used int, err error) {
	quote, text := first[0], first[1:]+"\n"+after
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == quote:
			behind, _, _ := strings.Cut(text[i+1:], "\n")
			used = 1 + strings.Count(text[:i], "\n")
			if behind = strings.TrimSpace(behind); behind != "" && behind[0] != '#' {
				if used > 1 { // the quote opens another value
					return "", 1, ErrOpen
				}
				return "", 1, ErrBehind
			}
			return b.String(), used, nil
		case c == '\\' && quote == '"' && i+1 < len(text) && escapes[text[i+1]] != 0:
			i++
			b.WriteByte(escapes[text[i]])
		default:
			b.WriteByte(c)
		}
	}
	return "", 1, ErrOpen
}

// escapes are what a backslash makes of the letter behind it, between double quotes. Before any other letter it is
// itself, and between single quotes everywhere.
var escapes = map[byte]byte{'"': '"', '\\': '\\', '$': '$', '`': '`', 'n': '\n', 'r': '\r', 't': '\t'}

// decoded is data as UTF-8 without a byte order mark. UTF-16 without its mark is known by its first letter: half of it
// is zero.
func decoded(data []byte) string {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xfe")), len(data) > 1 && data[0] != 0 && data[1] == 0:
		order = binary.LittleEndian
	case bytes.HasPrefix(data, []byte("\xfe\xff")), len(data) > 1 && data[0] == 0 && data[1] != 0:
		order = binary.BigEndian
	default:
		return string(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")))
	}
	var units []uint16
	for ; len(data) > 1; data = data[2:] {
		units = append(units, order.Uint16(data))
	}
	return strings.TrimPrefix(string(utf16.Decode(units)), "\ufeff")
}
