package result

import (
	"encoding/json"
	"reflect"
	"strings"

	"rtcbench/bench"
)

type (
	// Server is what the platform reports about itself. null is a value that it does not report.
	Server struct{ bench.Server }
	// Daily is what only Daily reports about itself. null is a value that it does not report.
	Daily struct{ bench.Daily }
)

// MarshalJSON writes null for values that are not known.
func (s Server) MarshalJSON() ([]byte, error) { return orNull(s.Server) }

// MarshalJSON writes null for values that are not known.
func (d Daily) MarshalJSON() ([]byte, error) { return orNull(d.Daily) }

// orNull is a struct as JSON, with null for each field that is zero.
func orNull(object any) ([]byte, error) {
	v := reflect.ValueOf(object)
	b := []byte{'{'}
	for i := range v.NumField() {
		if i > 0 {
			b = append(b, ',')
		}
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		b = append(append(append(b, '"'), name...), `":`...)
		value := []byte("null")
		if !v.Field(i).IsZero() {
			var err error
			if value, err = json.Marshal(v.Field(i).Interface()); err != nil {
				return nil, err
			}
		}
		b = append(b, value...)
	}
	return append(b, '}'), nil
}
