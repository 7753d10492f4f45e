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

// part is the file of one run within a text of JSON.
type part struct {
	File
	Details detailed `json:"details"`
}

// value is one JSON value of a file: the file of one run, or that of both, or an entry of the outbox.
type value struct {
	part
	sides
}

// sides are runs within a value, as text: whoever has a platform is a run, and has none that are meant.
type sides struct {
	Daily   jsontext.Value `json:"daily"`
	Livekit jsontext.Value `json:"livekit"`
	Run     jsontext.Value `json:"run"`
	Packed  []byte         `json:"packed"` // as MarshalBinary packs a run, in base64
}

// detailed are details, where there are any: a file of the original tool has none.
type detailed struct {
	*Details
	seen func() // nil = nobody asks
}

// UnmarshalJSONFrom reads details, or null.
func (d *detailed) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	if d.seen != nil && dec.PeekKind() == '{' {
		d.seen()
	}
	return json.UnmarshalDecode(dec, &d.Details)
}

// reading is how JSON is read: bytes that are no UTF-8 are found by CheckText, which names their key.
var reading = json.JoinOptions(jsontext.AllowInvalidUTF8(true), numbers)

// read reads the value that f begins with, as it comes: the text of a long one is never in memory, but for what stands
// before its details. wrong is what is wrong with the content of the value, which is read to its end all the same.
// err says that it has no end.
func (v *value) read(f *feed) (end int64, wrong, err error) {
	v.part.Details.seen = f.forget
	dec := jsontext.NewDecoder(f, reading)
	err = json.UnmarshalDecode(dec, v)
	if wrong = explain(err); wrong == nil {
		return dec.InputOffset(), nil, err
	}
	// A decoder does not go on after an error. Another one does, from the same depth.
	open := opened(dec)
	rest := io.MultiReader(bytes.NewReader(open), bytes.NewReader(bytes.Clone(dec.UnreadBuffer())), f)
	skip := jsontext.NewDecoder(rest, reading, jsontext.AllowDuplicateNames(true))
	before := dec.InputOffset() - int64(len(open))
	err = skip.SkipValue()
	if syntax, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		syntax.ByteOffset, syntax.JSONPointer = syntax.ByteOffset+before, "" // it does not know
	}
	return before + skip.InputOffset(), wrong, err
}

// opened is a beginning of JSON, as short as can be, after which may stand what follows in dec.
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

// ReadFile reads a result file of rtcbench from its text, without a look at whether the run is a possible one.
func ReadFile(data []byte) (f File, err error) {
	err = unmarshal(data, &f)
	return f, err
}

// unmarshal reads the file of one run.
func unmarshal(data []byte, into any) error {
	if err := CheckText(data); err != nil {
		return err
	}
	err := json.Unmarshal(data, into, reading)
	return cmp.Or(explain(err), err)
}

// explain says in the words of the file what is wrong with the content of JSON; nil = nothing that is content.
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
	if old, ok := errors.AsType[*jsonv1.UnmarshalTypeError](wrong.Err); ok { // of a type that reads itself
		return fmt.Errorf("%s: this cannot stand there: %s", key(wrong.JSONPointer, old.Field), old.Value)
	}
	if number, ok := errors.AsType[numberError](wrong.Err); ok {
		return fmt.Errorf("%s: %w", key(wrong.JSONPointer, ""), number)
	}
	what := kindNames[wrong.JSONKind]
	if what == "" && wrong.Err != nil { // as of an array that has too few values
		return fmt.Errorf("%s: %w", key(wrong.JSONPointer, ""), wrong.Err)
	}
	if wrong.JSONKind == '0' && wrong.JSONValue != nil {
		what += fmt.Sprintf(" %.40s", wrong.JSONValue)
	}
	return fmt.Errorf("%s: this cannot stand there: %s", key(wrong.JSONPointer, ""), what)
}

// kindNames are what values of JSON are called.
var kindNames = map[jsontext.Kind]string{
	'n': "null", 'f': "bool", 't': "bool", '"': "string", '0': "number", '{': "object", '[': "array",
}

// longestKey is more than any place in a file of ours takes, in bytes.
const longestKey = 120

// key is how a place in a file is written: details.samples.rtt_ms[3].
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
