package commandline

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"rtcbench/internal/settings"
)

// misplaced is err, unless args are a command line whose command is missing or stands in a flag, as in --platform
// livekit. In these cases the error names the command. No value of a flag is shown.
func (l Line) misplaced(model *kong.Application, args []string, err error) error {
	flags, platform, words := l.flagsOf(args)
	switch {
	case errors.As(err, new(settings.UsageError)): // of a setting
		return err
	case len(args) == 0:
		return err
	case slices.Contains(l.Platforms, args[0]) && slices.Contains(flags, "--platform"):
		return fmt.Errorf("unknown flag --platform: the command is the platform, as in rtcbench %s", args[0])
	case !strings.HasPrefix(args[0], "-"):
		return err
	}
	commands := l.commandsWith(model, flags)
	for _, name := range append([]string{platform}, words...) { // the user wrote one somewhere
		if name != "" && slices.Contains(l.commandsWith(model, without(flags, "--platform")), name) {
			commands = []string{name}
			flags = without(flags, "--platform")
			break
		}
	}
	if slices.Contains(flags, "--platform") && platform == "" {
		return errors.New("the command is missing, and --platform is none: rtcbench livekit, rtcbench daily or " +
			"rtcbench both")
	}
	if len(commands) == 0 {
		return err
	}
	line := strings.Join(append([]string{"rtcbench", commands[0]}, flags...), " ")
	also := ""
	if more := commands[1:min(len(commands), l.Proposed)]; len(more) > 0 {
		also = " (or " + strings.Join(more, ", ") + ")"
	}
	return fmt.Errorf("the command is missing: did you mean \"%s\"%s?", line, also)
}

// flagsOf are three parts of args: the names of the flags, as they were written; the platform that --platform asks for;
// and the words that are no flags, which are commands and values.
func (l Line) flagsOf(args []string) (flags []string, platform string, words []string) {
	for i, arg := range args {
		name, value, assigned := strings.Cut(arg, "=")
		switch {
		case arg == "--":
			return flags, platform, words
		case strings.HasPrefix(arg, "--"):
			flags = append(flags, name)
		case len(arg) > 1 && arg[0] == '-':
			flags = append(flags, arg[:2]) // -n5
		default:
			words = append(words, arg)
		}
		if !assigned && i+1 < len(args) {
			value = args[i+1]
		}
		if name == "--platform" && slices.Contains(l.Platforms, strings.ToLower(value)) {
			platform = strings.ToLower(value)
		}
	}
	return flags, platform, words
}

// commandsWith are the commands that have all these flags, those that measure first.
func (l Line) commandsWith(model *kong.Application, flags []string) (names []string) {
	for _, command := range model.Children {
		has := func(flag string) bool {
			return slices.ContainsFunc(command.Flags, func(f *kong.Flag) bool {
				return !f.Hidden && ("--"+f.Name == flag || f.Short != 0 && "-"+string(f.Short) == flag)
			})
		}
		if !slices.ContainsFunc(flags, func(flag string) bool { return !has(flag) }) {
			names = append(names, command.Name)
		}
	}
	slices.SortStableFunc(names, func(a, b string) int { return l.place(a) - l.place(b) })
	return names
}

// place is the position at which a command is proposed.
func (l Line) place(command string) int {
	if i := slices.Index(l.Platforms, command); i >= 0 {
		return i
	}
	return len(l.Platforms)
}

func without(list []string, value string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s == value })
}
