package result

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"rtcbench/bench"
)

// word is what engines and transport classes are called; a table shows them as they are.
var word = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}$`)

const longestMS = float64(longest / time.Millisecond)

// below0 are the keys whose numbers may be negative.
var below0 = []string{"theta_ms", "up_ms", "down_ms", "up_p50_ms", "down_p50_ms", "theta_at_ms", "skew_used_ppm", "skew_ppm", "measured_ms",
	"clock_step_ms", "at_ms", "platform_rtt_p50_ms", "value", "limit", "phase_ms", "send_call_ms", "timer_error_ms",
	"ice", "dtls", "data_channel", "signalling", "wilson95"}

// elsewhere are the keys of long lists, and of times of day, which have checks of their own.
var elsewhere = []string{"samples", "measurements", "start_time", "end_time"}

// checkValues looks at every number and every text of f, whatever it stands for: none is beyond what a run of a hundred
// years could bring, none is negative that counts or lasts, and no text is anything but UTF-8.
func (f File) checkValues() error { return checkValue(reflect.ValueOf(f), "", false) }

func checkValue(v reflect.Value, key string, negative bool) error {
	if q, ok := v.Interface().(bench.Quantity); ok {
		return checkValue(reflect.ValueOf(ms(q.D)), key, negative)
	}
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		return checkValue(v.Elem(), key, negative)
	case reflect.Struct:
		for i := range v.NumField() {
			name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
			if name == "-" || slices.Contains(elsewhere, name) {
				continue
			}
			path := strings.TrimPrefix(key+"."+name, ".")
			if v.Type().Field(i).Anonymous {
				path = key
			}
			if err := checkValue(v.Field(i), path, negative || slices.Contains(below0, name)); err != nil {
				return err
			}
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			if err := checkValue(v.Index(i), fmt.Sprintf("%s[%d]", key, i), negative); err != nil {
				return err
			}
		}
	case reflect.Map:
		for _, name := range v.MapKeys() {
			if err := checkText(name.String(), key); err != nil {
				return err
			}
			if err := checkValue(v.MapIndex(name), key+"."+name.String(), negative); err != nil {
				return err
			}
		}
	case reflect.Float64:
		if x := v.Float(); math.IsNaN(x) || math.Abs(x) > longestMS || x < 0 && !negative {
			return fmt.Errorf("%s: %v is no %s", key, x, map[bool]string{false: "duration", true: "number that can stand there"}[negative])
		}
	case reflect.Int, reflect.Int64:
		switch x := v.Int(); {
		case x < 0 && !negative:
			return fmt.Errorf("%s: %d is negative", key, x)
		case strings.HasSuffix(key, "_ms") && math.Abs(float64(x)) > longestMS:
			return fmt.Errorf("%s: %d is no duration", key, x)
		case !strings.HasSuffix(key, "_ms") && x > most:
			return fmt.Errorf("%s: %d are more than a run can have", key, x)
		}
	case reflect.String:
		return checkText(v.String(), key)
	}
	return nil
}

func checkText(s, key string) error {
	if !utf8.ValidString(s) {
		return fmt.Errorf("%s: %.60q is not UTF-8", key, s)
	}
	return nil
}

// CheckText finds what in a text of JSON a reader would silently replace by U+FFFD, so that two names could become one: bytes
// that are not UTF-8, and halves of surrogate pairs. The error names the key.
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
				return fmt.Errorf("%s%s is half of a surrogate pair, and no character", lastKey(data[:at]), data[at:at+n])
			}
		}
		at += n
	}
}

// escaped is the character that data begins with as \uXXXX; of any other escape it is 0, of two bytes.
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

// lastKey is the key whose value data ends in, as the beginning of an error; "" = none is near.
func lastKey(data []byte) string {
	if m := keyBefore.FindSubmatch(data[max(0, len(data)-400):]); m != nil {
		return string(m[1]) + ": "
	}
	return ""
}

// mistake is an error that names its key itself.
type mistake struct{ error }

// required refuses an object that lacks one of keys, or has null there.
func required(data []byte, object string, keys ...string) error {
	var has map[string]json.RawMessage
	if err := json.Unmarshal(data, &has); err != nil {
		return err
	}
	for _, key := range keys {
		if v, ok := has[key]; !ok {
			return mistake{missing(object + "." + key)}
		} else if string(v) == "null" {
			return mistake{fmt.Errorf("%s.%s: it is null", object, key)}
		}
	}
	return nil
}

// UnmarshalJSON refuses metadata without what every run has.
func (m *Metadata) UnmarshalJSON(data []byte) error {
	type plain Metadata
	if err := json.Unmarshal(data, (*plain)(m)); err != nil || string(data) == "null" {
		return err
	}
	return required(data, "metadata", "start_time", "end_time", "duration_ms", "iterations", "timeout_ms")
}

// UnmarshalJSON refuses statistics without what every run has.
func (s *Statistics) UnmarshalJSON(data []byte) error {
	type plain Statistics
	if err := json.Unmarshal(data, (*plain)(s)); err != nil || string(data) == "null" {
		return err
	}
	return required(data, "statistics", "total_messages", "successful_messages", "failed_messages")
}

// UnmarshalJSON refuses counts without what every run has.
func (c *Counts) UnmarshalJSON(data []byte) error {
	if err := json.Unmarshal(data, &c.Counts); err != nil || string(data) == "null" {
		return err
	}
	var keys []string
	for _, x := range bench.CountList {
		if x.Always {
			keys = append(keys, x.Key)
		}
	}
	return required(data, "details.counts", keys...)
}
