package cli

import (
	"reflect"
	"unicode/utf8"

	"github.com/alecthomas/kong"
)

// checkText refuses values of flags, wherever they stand, that are not UTF-8: each byte of them would become U+FFFD in every file
// and store, and two names would be one. The name of a file that is only opened may be anything that the system takes.
func (s *settings) checkText(ctx *kong.Context) error {
	for _, f := range ctx.Flags() {
		if f.Tag.Get("completion-predictor") == "file" {
			continue
		}
		var values []string
		switch v := f.Target; {
		case v.Kind() == reflect.String:
			values = []string{v.String()}
		case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.String:
			for i := range v.Len() {
				values = append(values, v.Index(i).String())
			}
		}
		for _, value := range values {
			if !utf8.ValidString(value) { // not shown: it may be a secret
				return usagef("%s: its value is not UTF-8: save or type it in UTF-8", s.name(f.Name))
			}
		}
	}
	return nil
}
