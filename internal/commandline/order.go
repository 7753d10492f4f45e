package commandline

import (
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// flagsFirst puts the flags of a command that takes any number of arguments before those arguments. The parser takes
// all arguments at once, and would refuse a flag after one of them. What flagsFirst does not understand is left to the
// parser.
func flagsFirst(model *kong.Application, args []string) []string {
	node, flags := model.Node, []string(nil)
	var words, end, rest []string
	for i := 0; i < len(args); i++ {
		arg := args[i]
		switch {
		case arg == "--":
			end, rest, i = []string{"--"}, args[i+1:], len(args)
		case len(arg) > 1 && arg[0] == '-':
			flags = append(flags, arg)
			takes, known := takesNext(node, arg)
			if !known {
				return args
			}
			if takes && i+1 < len(args) {
				i++
				flags = append(flags, args[i])
			}
		default:
			if child := childOf(node, arg); child != nil && len(words) == 0 {
				node = child
				flags = append(flags, arg)
				continue
			}
			words = append(words, arg)
		}
	}
	if n := len(node.Positional); n == 0 || !node.Positional[n-1].IsCumulative() || node.Positional[n-1].Passthrough {
		return args
	}
	return slices.Concat(flags, end, words, rest)
}

func childOf(node *kong.Node, name string) *kong.Node {
	for _, child := range node.Children {
		if child.Name == name || slices.Contains(child.Aliases, name) {
			return child
		}
	}
	return nil
}

// takesNext reports whether the value of a flag is the next argument. known is false where the command has no such
// flag.
func takesNext(node *kong.Node, arg string) (takes, known bool) {
	name, _, assigned := strings.Cut(arg, "=")
	long := strings.HasPrefix(name, "--")
	for _, group := range node.AllFlags(false) {
		for _, f := range group {
			switch {
			case long && f.Name == name[2:], !long && string(f.Short) == name[1:2]:
				return !assigned && !f.IsBool() && (long || len(arg) == 2), true
			}
		}
	}
	return false, false
}
