package result

import (
	"bytes"
	"fmt"
	"math"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// numbers are the decoders of integer fields. They cover all integer types that a file has.
var numbers = json.WithUnmarshalers(json.JoinUnmarshalers(
	json.UnmarshalFromFunc(integer[int]), json.UnmarshalFromFunc(integer[int64]),
	json.UnmarshalFromFunc(integer[uint16]), json.UnmarshalFromFunc(integer[uint32]),
	json.UnmarshalFromFunc(integer[uint64])))

// mostWhole is 2^53: up to this number, a float64 holds every integer.
const mostWhole = 1 << 53

// integer decodes an integer. Programs that have only floats write 5000.0 for 5000, or 1e+05 for 100000: this is
// accepted. A fraction is an error.
func integer[T int | int64 | uint16 | uint32 | uint64](dec *jsontext.Decoder, v *T) error {
	if dec.PeekKind() != '0' {
		return json.SkipFunc
	}
	text, err := dec.ReadValue()
	if err != nil {
		return err
	}
	n, err := strconv.ParseInt(string(text), 10, 64)
	if err != nil && bytes.ContainsAny(text, ".eE") {
		var f float64
		if f, err = strconv.ParseFloat(string(text), 64); err == nil && f != math.Trunc(f) {
			return notWhole(text)
		}
		if err == nil && math.Abs(f) > mostWhole {
			err = strconv.ErrRange
		}
		n = int64(f)
	}
	if *v = T(n); err != nil || int64(*v) != n || (*v < 0) != (n < 0) {
		return outOfRange(text)
	}
	return nil
}

// numberError is the error of a number that is not allowed at its place.
type numberError string

func (e numberError) Error() string { return string(e) }

func notWhole(text []byte) error { return numberError(fmt.Sprintf("%.40s is no whole number", text)) }

func outOfRange(text []byte) error {
	return numberError(fmt.Sprintf("this cannot stand there: number %.40s", text))
}
