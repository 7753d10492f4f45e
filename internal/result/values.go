package result

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"

	"rtcbench/bench"
	"rtcbench/internal/redact"
)

const longestMS = float64(longest / time.Millisecond)

// below0 are the keys whose numbers may be negative.
var below0 = []string{"theta_ms", "up_ms", "down_ms", "up_p50_ms", "down_p50_ms", "theta_at_ms", "skew_used_ppm",
	"skew_ppm", "measured_ms",
	"clock_step_ms", "at_ms", "platform_rtt_p50_ms", "value", "limit", "phase_ms", "send_call_ms", "timer_error_ms",
	"ice", "dtls", "data_channel", "signalling", "wilson95",
	"latency_ms", "from_ms", "to_ms", "own_error_ms", "floor_dbfs", "threshold_dbfs", "quietest_dbfs",
	"loud_floor_dbfs", "clock_offset_ms", "interrupt_at_ms", "r", "mouth_to_ear_ms", "network_ms", "turn_share"}

// elsewhere are the keys with checks of their own: long lists, and times of day.
var elsewhere = []string{"samples", "measurements", "start_time", "end_time"}

// checkValues checks every number and every text of f. A number must not be larger than a run of a hundred years could
// have. Only numbers of keys in below0 may be negative. Texts have to be valid UTF-8.
func (f File) checkValues() error { return checkValue(reflect.ValueOf(f), &place{}, false) }

// place is where a value is in a file. Its text is made only for errors.
type place struct {
	in    *place // nil = the file itself
	name  string // key; "" = an item of the list in
	index int    // index in the list, if name is ""
}

func (p *place) text() string {
	switch {
	case p.in == nil:
		return ""
	case p.name != "":
		return strings.TrimPrefix(p.in.text()+"."+p.name, ".")
	}
	return fmt.Sprintf("%s[%d]", p.in.text(), p.index)
}

// field is a field of a struct in its JSON form.
type field struct {
	index     int
	name      string
	anonymous bool // embedded: its fields belong to the struct around it
	negative  bool // its numbers may be negative
}

var known sync.Map // by reflect.Type: the fields to check

func fieldsOf(t reflect.Type) []field {
	if list, ok := known.Load(t); ok {
		return list.([]field)
	}
	var list []field
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name != "-" && !slices.Contains(elsewhere, name) {
			list = append(list, field{i, name, f.Anonymous, slices.Contains(below0, name)})
		}
	}
	known.Store(t, list)
	return list
}

var typeOfQuantity, typeOfTime = reflect.TypeFor[bench.Quantity](), reflect.TypeFor[time.Time]()

func checkValue(v reflect.Value, at *place, negative bool) error {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		return checkValue(v.Elem(), at, negative)
	case reflect.Struct:
		return checkFields(v, at, negative)
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			if err := checkValue(v.Index(i), &place{in: at, index: i}, negative); err != nil {
				return err
			}
		}
	case reflect.Map:
		for of := v.MapRange(); of.Next(); {
			name := of.Key().String()
			if err := checkText(name, at); err != nil {
				return err
			}
			if err := checkValue(of.Value(), &place{in: at, name: name}, negative); err != nil {
				return err
			}
		}
	case reflect.Float64:
		if x := v.Float(); math.IsNaN(x) || math.Abs(x) > longestMS || x < 0 && !negative {
			kind := map[bool]string{false: "duration", true: "number that can stand there"}[negative]
			return fmt.Errorf("%s: %s is no %s", at.text(), plain(x), kind)
		}
	case reflect.Int, reflect.Int64:
		return checkInt(v.Int(), at, negative)
	case reflect.String:
		return checkText(v.String(), at)
	}
	return nil
}

func checkFields(v reflect.Value, at *place, negative bool) error {
	if v.Type() == typeOfQuantity {
		return checkValue(reflect.ValueOf(ms(v.Interface().(bench.Quantity).D)), at, negative)
	}
	if v.Type() == typeOfTime { // decoding has checked it against RFC 3339
		return nil
	}
	for _, f := range fieldsOf(v.Type()) {
		inside := &place{in: at, name: f.name}
		if f.anonymous {
			inside = at
		}
		if err := checkValue(v.Field(f.index), inside, negative || f.negative); err != nil {
			return err
		}
	}
	return nil
}

func checkInt(x int64, at *place, negative bool) error {
	lasts := strings.HasSuffix(at.name, "_ms")
	switch {
	case x < 0 && !negative:
		return fmt.Errorf("%s: %d is negative", at.text(), x)
	case lasts && math.Abs(float64(x)) > longestMS:
		return fmt.Errorf("%s: %d is no duration", at.text(), x)
	case !lasts && x > most:
		return fmt.Errorf("%s: %d are more than a run can have", at.text(), x)
	}
	return nil
}

func checkText(s string, at *place) error {
	if !utf8.ValidString(s) {
		return fmt.Errorf("%s: %.60q is not UTF-8", at.text(), s)
	}
	return nil
}

// CheckText is an error if text of JSON has invalid characters: bytes that are not UTF-8, or halves of surrogate pairs.
// A decoder would replace them by U+FFFD, and two names could become the same. The error names the key.
func CheckText(data []byte) error {
	if !utf8.Valid(data) {
		at := 0
		for at < len(data) {
			r, n := utf8.DecodeRune(data[at:])
			if r == utf8.RuneError && n == 1 {
				break
			}
			at += n
		}
		return fmt.Errorf("%sthe byte %#02x is not UTF-8: save the file as UTF-8", lastKey(data[:at]), data[at])
	}
	for at := 0; ; {
		i := bytes.IndexByte(data[at:], '\\')
		if i < 0 || at+i+1 >= len(data) {
			return nil
		}
		at += i
		r, n := escaped(data[at:])
		if utf16.IsSurrogate(r) {
			if next, m := escaped(data[at+n:]); utf16.DecodeRune(r, next) != utf8.RuneError {
				n += m
			} else {
				return fmt.Errorf("%s%s is half of a surrogate pair, and no character", lastKey(data[:at]),
					data[at:at+n])
			}
		}
		at += n
	}
}

// escaped is the character of the escape \uXXXX at the beginning of data. For any other escape it is 0, and size is 2.
func escaped(data []byte) (r rune, size int) {
	if len(data) < 6 || data[0] != '\\' || data[1] != 'u' {
		return 0, min(2, len(data))
	}
	for _, c := range data[2:6] {
		digit := strings.IndexByte("0123456789abcdef", c|0x20)
		if c >= '0' && c <= '9' {
			digit = int(c - '0')
		}
		if digit < 0 {
			return 0, 2
		}
		r = r<<4 | rune(digit)
	}
	return r, 6
}

var keyBefore = regexp.MustCompile(`"([A-Za-z0-9_]{1,40})"\s*:\s*("[^"]*|[^",{}]*)$`)

// lastKey is the last key before the end of data, as the beginning of an error; "" = there is none near the end.
func lastKey(data []byte) string {
	if m := keyBefore.FindSubmatch(data[max(0, len(data)-400):]); m != nil {
		return redact.Words(string(m[1])) + ": "
	}
	return ""
}

// mistake is an error that names its key itself.
type mistake struct{ error }

// required decodes an object into v. A missing key of keys, or null for it, is an error. null in place of the object is
// accepted.
func required(dec *jsontext.Decoder, v any, object string, keys ...string) error {
	data, err := dec.ReadValue()
	if err != nil || data.Kind() == 'n' {
		return err
	}
	var has map[string]jsontext.Value
	if err := json.Unmarshal(data, &has, reading); err != nil {
		return err
	}
	for key := range has { // the decoder ignores the case of keys
		if lower := strings.ToLower(key); lower != key && has[lower] != nil {
			return mistake{fmt.Errorf("%s.%s: it is there twice, in two spellings", object, lower)}
		}
	}
	for _, key := range keys {
		if v, ok := has[key]; !ok {
			return mistake{missing(object + "." + key)}
		} else if v.Kind() == 'n' {
			return mistake{fmt.Errorf("%s.%s: it is null", object, key)}
		}
	}
	err = json.Unmarshal(data, v, reading, json.MatchCaseInsensitiveNames(true),
		jsonv1.MatchCaseSensitiveDelimiter(true))
	if wrong, ok := errors.AsType[*json.SemanticError](err); ok {
		wrong.JSONPointer = dec.StackPointer() + wrong.JSONPointer
	}
	return err
}

// UnmarshalJSONFrom decodes metadata. A missing key that every run has is an error.
func (m *Metadata) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	type plain Metadata
	return required(dec, (*plain)(m), "metadata", "start_time", "end_time", "duration_ms", "iterations", "timeout_ms")
}

// UnmarshalJSONFrom decodes statistics. A missing key that every run has is an error.
func (s *Statistics) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	type plain Statistics
	return required(dec, (*plain)(s), "statistics", "total_messages", "successful_messages", "failed_messages")
}

// UnmarshalJSONFrom decodes counts. A missing key that every run has is an error.
func (c *Counts) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	var keys []string
	for _, x := range bench.CountList {
		if x.Always {
			keys = append(keys, x.Key)
		}
	}
	return required(dec, &c.Counts, "details.counts", keys...)
}
