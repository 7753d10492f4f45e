package dashboard

import (
	"encoding/csv"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"rtcbench/bench"
	"rtcbench/internal/report"
)

// wantsCSV reports whether the parameter format asks for CSV. An unknown format is an error.
func wantsCSV(r *http.Request) (bool, error) {
	switch format := r.URL.Query().Get("format"); format {
	case "", "json":
		return false, nil
	case "csv":
		return true, nil
	default:
		return false, fmt.Errorf("format=%s is neither json nor csv", quoted(format))
	}
}

// table answers with rows as CSV: a line with the names of the columns, then a line for each row. The columns are the
// fields of T that hold a single value, under their JSON names. An unknown value is an empty cell.
func table[T any](s *Server, w http.ResponseWriter, r *http.Request, rows []T) {
	s.written(w, r, "text/csv; charset=utf-8", func(to io.Writer) error {
		c := csv.NewWriter(to)
		var names []string
		columns(reflect.TypeFor[T](), "", reflect.Value{}, func(name, _ string) { names = append(names, name) })
		if err := c.Write(names); err != nil {
			return err
		}
		for _, row := range rows {
			var cells []string
			add := func(_, cell string) { cells = append(cells, cell) }
			columns(reflect.TypeFor[T](), "", reflect.ValueOf(row), add)
			if err := c.Write(cells); err != nil {
				return err
			}
		}
		c.Flush()
		return c.Error()
	})
}

// columns visits the columns of a struct of type t. v is a value of type t; an invalid v gives empty cells.
func columns(t reflect.Type, before string, v reflect.Value, visit func(name, cell string)) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		var value reflect.Value
		if v.IsValid() {
			value = v.Field(i)
		}
		if f.Anonymous {
			columns(f.Type, before, value, visit)
		} else if f.IsExported() && name != "-" {
			column(f.Type, before+name, value, visit)
		}
	}
}

var verdicts = reflect.TypeFor[map[bench.Verdict]int]()

func column(t reflect.Type, name string, v reflect.Value, visit func(name, cell string)) {
	switch {
	case t.Kind() == reflect.Pointer:
		if v.IsValid() {
			v = v.Elem() // a nil pointer gives an invalid value
		}
		column(t.Elem(), name, v, visit)
	case t == verdicts:
		for _, verdict := range bench.Verdicts {
			cell := ""
			if v.IsValid() {
				cell = strconv.Itoa(v.Interface().(map[bench.Verdict]int)[verdict])
			}
			visit(string("runs_"+verdict), cell)
		}
	case t == reflect.TypeFor[[7]*float64]():
		for i, q := range Levels {
			var value reflect.Value
			if v.IsValid() {
				value = v.Index(i)
			}
			column(t.Elem(), fmt.Sprintf("p%g_rtt", 100*q), value, visit)
		}
	case t == reflect.TypeFor[[2]float64]():
		for i, end := range []string{"_lo", "_hi"} {
			var value reflect.Value
			if v.IsValid() {
				value = v.Index(i)
			}
			column(t.Elem(), name+end, value, visit)
		}
	case t.Kind() == reflect.Struct:
		columns(t, name+"_", v, visit)
	case t.Kind() == reflect.Slice: // a list does not fit into a cell
	default:
		visit(name, cellOf(v))
	}
}

func cellOf(v reflect.Value) string {
	switch {
	case !v.IsValid():
		return ""
	case v.Kind() == reflect.String:
		return report.Escaped(v.String())
	case v.CanFloat():
		return strconv.FormatFloat(v.Float(), 'f', -1, 64)
	}
	return fmt.Sprint(v.Interface())
}
