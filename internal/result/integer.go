package result

import (
	"bytes"
	"fmt"
	"math"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// numbers reads the fields of whole numbers: see integer. They are all types of such fields that a file has.
var numbers = json.WithUnmarshalers(json.JoinUnmarshalers(
	json.UnmarshalFromFunc(integer[int]), json.UnmarshalFromFunc(integer[int64]),
	json.UnmarshalFromFunc(integer[uint16]), json.UnmarshalFromFunc(integer[uint32]),
	json.UnmarshalFromFunc(integer[uint64])))

// mostWhole is up to where floats have all whole numbers: 2^53.
const mostWhole = 1 << 53

// integer reads a whole number. Programs that know floats alone, and tables with gaps, write 5000.0, and 1e+05 where
// our format has 100000: these are whole, too. A fraction is not.
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

// numberError is a number that cannot stand where it does.
type numberError string

func (e numberError) Error() string { return string(e) }

func notWhole(text []byte) error { return numberError(fmt.Sprintf("%.40s is no whole number", text)) }

func outOfRange(text []byte) error {
	return numberError(fmt.Sprintf("this cannot stand there: number %.40s", text))
}
