package result

import (
	"bytes"
	"cmp"
	jsonv1 "encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"rtcbench/internal/redact"
)

// part is the file of one run, as a part of a larger JSON text.
type part struct {
	File
	Details detailed `json:"details"`
}

// value is a JSON value of a file: the file of one run or of two platforms, or a file of the outbox.
type value struct {
	part
	sides
}

// sides are the runs within a value, as text. A value with a platform is itself a run, and its sides are ignored.
type sides struct {
	Daily   jsontext.Value `json:"daily"`
	Livekit jsontext.Value `json:"livekit"`
	Run     jsontext.Value `json:"run"`
	Packed  []byte         `json:"packed"` // base64 of what MarshalBinary writes
}

// detailed are the details of a file; nil in a file of the original tool.
type detailed struct {
	*Details
	seen func() // called when details begin; nil = nobody is told
}

// UnmarshalJSONFrom decodes details or null.
func (d *detailed) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	if d.seen != nil && dec.PeekKind() == '{' {
		d.seen()
	}
	return json.UnmarshalDecode(dec, &d.Details)
}

// reading are the options for decoding. Invalid UTF-8 is accepted here: CheckText finds it and names its key.
var reading = json.JoinOptions(jsontext.AllowInvalidUTF8(true), numbers)

// read decodes the value at the beginning of f as it is read. After the beginning of details, the text of the value is
// not kept. wrong is an error in the content of a value, which is then read to its end. err says that the value has no
// end, or is not JSON.
func (v *value) read(f *feed) (end int64, wrong, err error) {
	v.part.Details.seen = f.forget
	dec := jsontext.NewDecoder(f, reading)
	err = json.UnmarshalDecode(dec, v)
	if wrong = explain(err); wrong == nil {
		return dec.InputOffset(), nil, err
	}
	// A decoder stops after an error. A second one skips the rest of the value from the same depth.
	open := opened(dec)
	rest := io.MultiReader(bytes.NewReader(open), bytes.NewReader(bytes.Clone(dec.UnreadBuffer())), f)
	skip := jsontext.NewDecoder(rest, reading, jsontext.AllowDuplicateNames(true))
	before := dec.InputOffset() - int64(len(open))
	err = skip.SkipValue()
	if syntax, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		syntax.ByteOffset, syntax.JSONPointer = syntax.ByteOffset+before, "" // skip does not know it
	}
	return before + skip.InputOffset(), wrong, err
}

// opened is the shortest JSON text that leads to the state of dec. The rest of dec's input may follow it.
func opened(dec *jsontext.Decoder) (text []byte) {
	for i := 1; i <= dec.StackDepth(); i++ {
		kind, n := dec.StackIndex(i)
		switch inner := i < dec.StackDepth(); {
		case kind == '[' && (inner || n == 0):
			text = append(text, `[`...)
		case kind == '[':
			text = append(text, `[0`...)
		case inner:
			text = append(text, `{"":`...)
		case n == 0:
			text = append(text, `{`...)
		case n%2 == 1:
			text = append(text, `{""`...)
		default:
			text = append(text, `{"":0`...)
		}
	}
	return text
}

// ReadFile decodes the result file of a run. It does not check whether the run is possible.
func ReadFile(data []byte) (f File, err error) {
	err = unmarshal(data, &f)
	return f, err
}

// unmarshal decodes the file of one run.
func unmarshal(data []byte, into any) error {
	if err := CheckText(data); err != nil {
		return err
	}
	err := json.Unmarshal(data, into, reading)
	return cmp.Or(explain(err), err)
}

// explain turns an error in the content of JSON into one in the words of the file; nil = err is another error.
func explain(err error) error {
	if syntax, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		if errors.Is(err, jsontext.ErrDuplicateName) {
			return fmt.Errorf("%s: it is there twice", key(syntax.JSONPointer, ""))
		}
		return nil
	}
	wrong, ok := errors.AsType[*json.SemanticError](err)
	if !ok {
		return nil
	}
	if m, ok := errors.AsType[mistake](wrong.Err); ok {
		return m
	}
	if old, ok := errors.AsType[*jsonv1.UnmarshalTypeError](wrong.Err); ok { // of a type with its own decoder
		return fmt.Errorf("%s: this cannot stand there: %s", key(wrong.JSONPointer, old.Field), old.Value)
	}
	if number, ok := errors.AsType[numberError](wrong.Err); ok {
		return fmt.Errorf("%s: %w", key(wrong.JSONPointer, ""), number)
	}
	what := kindNames[wrong.JSONKind]
	if what == "" && wrong.Err != nil { // such as an array with too few values
		return fmt.Errorf("%s: %w", key(wrong.JSONPointer, ""), wrong.Err)
	}
	if wrong.JSONKind == '0' && wrong.JSONValue != nil {
		what += fmt.Sprintf(" %.40s", wrong.JSONValue)
	}
	return fmt.Errorf("%s: this cannot stand there: %s", key(wrong.JSONPointer, ""), what)
}

// kindNames are the names of the kinds of JSON values.
var kindNames = map[jsontext.Kind]string{
	'n': "null", 'f': "bool", 't': "bool", '"': "string", '0': "number", '{': "object", '[': "array",
}

// longestKey bounds the length of a key in errors, in bytes. No key of our files is longer.
const longestKey = 120

// key is a place in a file in the form details.samples.rtt_ms[3].
func key(at jsontext.Pointer, within string) string {
	var b strings.Builder
	for name := range at.Tokens() {
		if b.Len() > longestKey {
			b.WriteString("…")
			break
		}
		if _, err := strconv.ParseUint(name, 10, 32); err == nil && b.Len() > 0 {
			fmt.Fprintf(&b, "[%s]", name)
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		if redact.MadeUp(name) {
			name = redact.Hidden(name)
		} else if !keyName.MatchString(name) {
			name = fmt.Sprintf("%.40q", name)
		}
		b.WriteString(name)
	}
	if within != "" {
		return strings.TrimPrefix(b.String()+"."+within, ".")
	}
	return cmp.Or(b.String(), "the value")
}

var keyName = regexp.MustCompile(`^[A-Za-z0-9_]{1,40}$`)
