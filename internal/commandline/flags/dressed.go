// Package flags has the groups of flags that several commands share. Each group is a struct for the parser of command
// lines, and turns itself into the values that the packages below take.
package flags

import (
	"fmt"
	"reflect"
	"strings"
)

// Dressed is flags, a pointer to a struct, with other tags: each flag has the name and the help that its tag as holds.
// A field without that tag is no flag then. group is the group of the flags in the help; "" = the group of their own.
func Dressed(flags any, as, group string) any {
	of := reflect.TypeOf(flags).Elem()
	fields := reflect.VisibleFields(of)
	for i, f := range fields {
		short, name, help := dress(f, as)
		if name == "" {
			fields[i].Tag = `kong:"-"`
			continue
		}
		tag := fmt.Sprintf("name:%q help:%q", name, help)
		if short != "" {
			tag += fmt.Sprintf(" short:%q", short)
		}
		for _, key := range []string{"from", "dotenv", "group", "placeholder"} {
			value, ok := f.Tag.Lookup(key)
			if key == "group" && group != "" {
				value = group
			}
			if ok {
				tag += fmt.Sprintf(" %s:%q", key, value)
			}
		}
		fields[i].Tag = reflect.StructTag(tag)
	}
	return reflect.ValueOf(flags).Convert(reflect.PointerTo(reflect.StructOf(fields))).Interface()
}

// dress reads the tag as of a field, as "r room-url: help": short name, name and help.
func dress(f reflect.StructField, as string) (short, name, help string) {
	name, help, _ = strings.Cut(f.Tag.Get(as), ": ")
	if before, after, found := strings.Cut(name, " "); found {
		short, name = before, after
	}
	return short, name, help
}

// DressNames are the names that Dressed gives to flags, by the flags' own names.
func DressNames(flags any, as string) map[string]string {
	names := map[string]string{}
	for _, f := range reflect.VisibleFields(reflect.TypeOf(flags)) {
		if _, name, _ := dress(f, as); name != "" {
			names[f.Tag.Get("name")] = name
		}
	}
	return names
}
