package main

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"rtcbench/bench"
	"rtcbench/internal/dashboard"
	"rtcbench/internal/live"
	"rtcbench/internal/result"
)

const viewsHead = `// Made of internal/dashboard, internal/report and internal/result by go generate. Do not edit.

`

// views is web/ui/contract.ts: what the interface behind the page answers, with all that it consists of.
func views(string, string) (string, error) {
	w := viewWriter{named: map[string]reflect.Type{}}
	for _, v := range []any{dashboard.SeriesList{}, dashboard.Overview{}, dashboard.Run{}, dashboard.Comparison{},
		dashboard.Fleet{}, dashboard.Mesh{}, live.Pings{}, result.File{}} {
		if err := w.add(reflect.TypeOf(v)); err != nil {
			return "", err
		}
	}
	return viewsHead + strings.TrimSuffix(w.text.String(), "\n"), nil
}

// viewWriter writes each type once, those that it is made of after it.
type viewWriter struct {
	text  strings.Builder
	named map[string]reflect.Type
}

func (w *viewWriter) add(t reflect.Type) error {
	if other, known := w.named[t.Name()]; known {
		if other != t {
			return fmt.Errorf("%v and %v have one name", other, t)
		}
		return nil
	}
	w.named[t.Name()] = t
	var then []reflect.Type
	fmt.Fprintf(&w.text, "export interface %s {\n", t.Name())
	w.fields(t, &then)
	w.text.WriteString("}\n\n")
	for _, t := range then {
		if err := w.add(t); err != nil {
			return err
		}
	}
	return nil
}

func (w *viewWriter) fields(t reflect.Type, then *[]reflect.Type) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, rest, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "":
			w.fields(f.Type, then)
			continue
		case !f.IsExported(), name == "-":
			continue
		}
		if strings.Contains(rest, "omit") {
			name += "?"
		}
		fmt.Fprintf(&w.text, "  %s: %s;\n", name, w.typeOf(f.Type, then))
	}
}

var (
	raw  = reflect.TypeFor[json.RawMessage]()
	text = reflect.TypeFor[encoding.TextMarshaler]()
	own  = reflect.TypeFor[json.Marshaler]()
)

func (w *viewWriter) typeOf(t reflect.Type, then *[]reflect.Type) string {
	switch k := t.Kind(); {
	case t == raw:
		return "File"
	case t == reflect.TypeFor[bench.Quantity]():
		return "number | null"
	case k == reflect.Pointer:
		return w.typeOf(t.Elem(), then) + " | null"
	case t.Implements(own):
		return "unknown"
	case t.Implements(text), k == reflect.String:
		return "string"
	case k == reflect.Bool:
		return "boolean"
	case k == reflect.Slice || k == reflect.Array:
		if of := w.typeOf(t.Elem(), then); strings.Contains(of, " ") {
			return "(" + of + ")[]"
		} else {
			return of + "[]"
		}
	case k == reflect.Map:
		return fmt.Sprintf("Partial<Record<string, %s>>", w.typeOf(t.Elem(), then))
	case k == reflect.Struct && t.Name() == "":
		var inner viewWriter
		inner.fields(t, then)
		return "{ " + strings.Join(strings.Fields(inner.text.String()), " ") + " }"
	case k == reflect.Struct:
		*then = append(*then, t)
		return t.Name()
	case k == reflect.Interface:
		return "unknown"
	}
	return "number"
}
