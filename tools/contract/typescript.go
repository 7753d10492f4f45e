package main

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"rtcbench/bench"
	"rtcbench/internal/browser/contract"
)

// types are those of the contract, in the order in which they are written. Columns is made of Sample.
var types = []any{
	contract.JoinConfig{}, contract.Plan{}, contract.Sample{}, bench.Ways{}, contract.State{}, contract.Batch{},
	contract.NoiseBurst{},
	contract.Phase{}, contract.Say{}, contract.Call{}, contract.Talk{}, contract.Heard{}, contract.Channel{},
	bench.Server{}, bench.Daily{}, bench.AudioLeg{}, contract.Told{},
	contract.Change{}, contract.Step{}, contract.Candidate{}, contract.Pair{}, contract.Facts{}, contract.Seat{},
}

const head = `// Made of internal/browser/contract by go generate; it says more. Do not edit.

import type schema from '../../docs/result.schema.json';

`

// typeScript is web/src/contract.ts.
func typeScript(root string) (string, error) {
	says, err := comments(root)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString(head)
	numbers(&b, "Outcome", bench.Outcomes())
	numbers(&b, "Reason", bench.Reasons())
	ways := slices.Sorted(maps.Keys(contract.Ways))
	fmt.Fprintf(&b, "export type Way = '%s';\n\n", strings.Join(ways, "' | '"))
	var classes []string
	for _, class := range bench.TransportClasses {
		classes = append(classes, string(class))
	}
	fmt.Fprintf(&b, "/** What is to carry pings and messages; '' = the platform's own. */\n")
	fmt.Fprintf(&b, "export type Class =\n  '' | '%s';\n\n", strings.Join(classes, "' | '"))
	counts(&b)
	for _, v := range types {
		object(&b, reflect.TypeOf(v), says)
	}
	columns(&b)
	return strings.TrimSuffix(b.String(), "\n"), nil
}

// numbers writes constants that are numbered from 0, by their names.
func numbers(b *strings.Builder, name string, names []string) {
	list := make([]string, len(names))
	for i, n := range names {
		list[i] = fmt.Sprintf("%s: %d", camel(cmp.Or(n, "none")), i)
	}
	fmt.Fprintf(b, "/** Numbers are those of bench.%s. */\n", name)
	fmt.Fprintf(b, "export const %s = {\n  %s,\n} as const;\n", name, strings.Join(list, ",\n  "))
	fmt.Fprintf(b, "export type %s = (typeof %[1]s)[keyof typeof %[1]s];\n\n", name)
}

// camel is words, however they are joined, as one name of TypeScript.
func camel(words string) string {
	parts := strings.FieldsFunc(words, func(r rune) bool { return r == ' ' || r == '_' })
	for i := 1; i < len(parts); i++ {
		parts[i] = strings.ToUpper(parts[i][:1]) + parts[i][1:]
	}
	return strings.Join(parts, "")
}

// counts writes the names of those that do not follow from the samples. Their list is in the schema: no name of a count
// is in the contract.
func counts(b *strings.Builder) {
	var fates []string
	for _, x := range bench.CountList {
		if x.Fate {
			fates = append(fates, "'"+x.Key+"'")
		}
	}
	fmt.Fprintf(b, "type Details = (typeof schema)['properties']['details'];\n")
	fmt.Fprintf(b, "/** What is counted as it happens; the rest of bench.Counts follows from the samples. */\n")
	fmt.Fprintf(b, "export type Count = Exclude<\n  keyof Details['properties']['counts']['properties'],\n  %s\n>;\n",
		strings.Join(fates, " | "))
	fmt.Fprintf(b, "/** What is not there is 0. */\nexport type Counts = { [name in Count]?: number };\n\n")
}

// object writes a struct.
func object(b *strings.Builder, t reflect.Type, says map[string]string) {
	var extends, fields string
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous {
			extends = " extends " + f.Type.Name()
			continue
		}
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "-" { // the field stays in Go
			continue
		}
		text := says[t.Name()+"."+name]
		if options != "" { // omitempty, omitzero
			name += "?"
		}
		fields += field(name, typeOf(f), text)
	}
	if strings.HasSuffix(t.PkgPath(), "/contract") {
		fmt.Fprintf(b, "/** %s */\n", says[t.Name()])
	}
	fmt.Fprintf(b, "export interface %s%s {\n%s}\n\n", t.Name(), extends, fields)
}

// field is a line, with its comment above it where there is no room beside it.
func field(name, typ, says string) string {
	line := fmt.Sprintf("  %s: %s;", name, typ)
	switch {
	case says == "":
		return line + "\n"
	case utf8.RuneCountInString(line+says) > 115:
		return "  // " + says + "\n" + line + "\n"
	}
	return line + " // " + says + "\n"
}

// columns writes what carries samples.
func columns(b *strings.Builder) {
	t := reflect.TypeFor[contract.Sample]()
	var names []string
	for i := range t.NumField() {
		names = append(names, "'"+t.Field(i).Tag.Get("json")+"'")
	}
	fmt.Fprintf(b, "/** Samples by the names of their fields: a list for each field, all of one length. */\n")
	fmt.Fprintf(b, "export type Columns = { [Name in keyof Sample]: Sample[Name][] };\n")
	list := strings.Join(names, ", ")
	fmt.Fprintf(b, "export const columns = [\n  %s,\n] as const satisfies (keyof Sample)[];\n\n", list)
}

// typeOf is the type of a field.
func typeOf(f reflect.StructField) string {
	if own := f.Tag.Get("ts"); own != "" {
		return own
	}
	return name(f.Type)
}

func name(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[bench.Quantity]():
		return "number | null"
	case reflect.TypeFor[contract.Columns](), reflect.TypeFor[bench.Outcome](), reflect.TypeFor[bench.Reason]():
		return t.Name()
	case reflect.TypeFor[bench.TransportClass]():
		return "Class"
	}
	switch t.Kind() {
	case reflect.Pointer:
		if t.Elem().Kind() == reflect.Struct && t.Elem().Name() == "Facts" {
			return t.Elem().Name() // is left out, and never null
		}
		return name(t.Elem()) + " | null"
	case reflect.Slice:
		return name(t.Elem()) + "[]"
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "boolean"
	case reflect.Struct:
		return t.Name()
	case reflect.Int, reflect.Int64, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Float64:
		return "number"
	}
	panic("the contract knows no " + t.String())
}

// sources are the files whose comments are of the contract.
var sources = []string{
	"bench/counts.go", "bench/facts.go", "bench/seen.go", "internal/result/statistics.go",
	"internal/browser/contract/contract.go",
}

// comments are those of the structs in sources, by TYPE, and of their fields, by TYPE.NAME: the name in json.
func comments(root string) (map[string]string, error) {
	says := map[string]string{}
	for _, path := range sources {
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, path), nil, parser.ParseComments)
		if err != nil {
			return nil, err
		}
		for _, d := range file.Decls {
			if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.TYPE {
				spec := g.Specs[0].(*ast.TypeSpec)
				says[spec.Name.Name] = line(g.Doc)
				if s, ok := spec.Type.(*ast.StructType); ok {
					ofFields(says, spec.Name.Name, s)
				}
			}
		}
	}
	return says, nil
}

func ofFields(says map[string]string, object string, s *ast.StructType) {
	for _, f := range s.Fields.List {
		if f.Tag == nil {
			continue
		}
		key, _, _ := strings.Cut(reflect.StructTag(strings.Trim(f.Tag.Value, "`")).Get("json"), ",")
		says[object+"."+key] = cmp.Or(line(f.Doc), line(f.Comment))
	}
}

func line(c *ast.CommentGroup) string { return strings.Join(strings.Fields(c.Text()), " ") }
