package cli

import (
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// TestFlagsStandAnywhere: a flag may stand before, between and after the arguments of each command that takes some, and
// changes neither them nor what it says itself.
func TestFlagsStandAnywhere(t *testing.T) {
	for _, c := range []struct {
		command, args string
		flags         [][]string
		also          string // after --
	}{
		{"import", "a.json b.json - c.json", [][]string{{"--store", "sqlite:x"}, {"--store=x", "--data-dir=d"}}, ""},
		{"import", "a.json b.json", [][]string{{"--store", "sqlite:x"}}, "-c.json --store"},
		{"compare", "a.json b.json", [][]string{{"--fail-if-slower", "10"}, {"--unlike", "--store=x"}}, ""},
		{"history", "0190", [][]string{{"--store", "sqlite:x"}, {"-n5"}, {"-n", "5", "--include-invalid"}}, ""},
		{"store remove", "0190", [][]string{{"--store", "sqlite:x"}}, ""},
		{"lab show", "transatlantic", nil, ""},
		{"lab run", "own.yaml", [][]string{{"--alternate", "2s"}, {"--seed=3", "--report", "x"}}, "livekit -n 5 --store none"},
	} {
		for _, flags := range c.flags {
			parsed := func(at int) (values []any) {
				words := slices.Insert(strings.Fields(c.args), at, flags...)
				line := append(strings.Fields(c.command), words...)
				if c.also != "" {
					line = append(append(line, "--"), strings.Fields(c.also)...)
				}
				var cmds commands
				alone := newSettings(func(string) (string, bool) { return "", false }, "")
				ctx, err := alone.parse(newParser(&cmds, alone, io.Discard, io.Discard, nil), line)
				if err != nil {
					t.Fatalf("%q: %v", line, err)
				}
				for _, p := range ctx.Path {
					if p.Positional != nil {
						values = append(values, p.Positional.Target.Interface())
					}
				}
				for _, f := range ctx.Flags() {
					values = append(values, f.Name, ctx.FlagValue(f))
				}
				return values
			}
			before := parsed(0)
			for at := range len(strings.Fields(c.args)) + 1 {
				if got := parsed(at); !slices.EqualFunc(got, before, equal) {
					t.Errorf("%s %s with %q at %d:\n%v, want\n%v", c.command, c.args, flags, at, got, before)
				}
			}
		}
	}
}

func equal(a, b any) bool { return reflect.DeepEqual(a, b) }
