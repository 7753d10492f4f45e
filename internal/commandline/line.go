// Package commandline reads command lines with kong in the way of rtcbench. Flags may stand anywhere, and what was not
// given comes from the settings. An error names the true source of a value and shows nothing that may be a secret.
package commandline

import (
	"errors"
	"regexp"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"

	"rtcbench/internal/settings"
)

// Line reads command lines. It is kong's resolver, too: it finds values for flags that were not given, by the names of
// variables in their "from" tags.
type Line struct {
	*settings.Sources
	Platforms []string // commands that are named as platforms are
	Proposed  int      // so many of them, at the most, are proposed where the command is missing
	// Native reports whether a platform can be spoken to without a browser.
	Native func(platform string) bool
}

// Validate implements kong.Resolver.
func (l Line) Validate(*kong.Application) error { return nil }

// Resolve implements kong.Resolver for flags that were not given.
func (l Line) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	// Several names: the first that is set is the value.
	for name := range strings.SplitSeq(flag.Tag.Get("from"), ",") {
		if name == "" {
			continue
		}
		v, src, err := l.Find(name)
		if err != nil {
			return nil, err
		}
		if src.Rank == settings.ByDefault {
			continue
		}
		l.Note(flag.Name, src)
		if src.Rank == settings.ByDotEnv && flag.Tag.Get("dotenv") == "no" {
			return nil, nil
		}
		return v, nil
	}
	return nil, nil
}

// Parse reads a command line. Its errors have the form of rtcbench's own errors.
func (l Line) Parse(parser *kong.Kong, args []string) (*kong.Context, error) {
	ctx, err := parser.Parse(flagsFirst(parser.Model, args)) // help and version end here
	if err != nil {
		return nil, l.explain(l.misplaced(parser.Model, args, err))
	}
	return ctx, l.parsed(ctx)
}

// parsed takes note of the flags that were given, and refuses what .env may not set. .env stands in the working
// directory, which may be anybody's: it may name no program to run and no place to load a program from, and may take no
// protection away. Settings that the command does not use are not checked.
func (l Line) parsed(ctx *kong.Context) error {
	for _, p := range ctx.Path {
		if p.Flag != nil && !p.Resolved {
			l.Note(p.Flag.Name, settings.Source{Rank: settings.ByFlag})
		}
	}
	for _, flag := range ctx.Flags() {
		variable, _, _ := strings.Cut(flag.Tag.Get("from"), ",")
		l.Call(flag.Name, variable)
		if flag.Tag.Get("dotenv") != "no" || l.Rank(flag.Name) != settings.ByDotEnv ||
			flag.Name != "insecure" && l.browserless(ctx) {
			continue
		}
		return settings.Usagef("%s: a .env may not set this; set it in the environment, or give --%s",
			l.Name(flag.Name), flag.Name)
	}
	return nil
}

// explain turns an error of the parser into one of ours: it names the true source of a value, which the parser does not
// know, and leaves out what may be a secret.
func (l Line) explain(err error) error {
	if own := new(settings.UsageError); errors.As(err, own) { // a setting's own
		return *own
	}
	text := err.Error()
	if m := leadingFlag.FindStringSubmatch(text); m != nil {
		if l.Rank(m[1]) != settings.ByDefault {
			text = l.Name(m[1]) + strings.TrimPrefix(text, m[0])
		}
		if strings.Contains(text, "value but got") { // the parser's text would show the value
			text = "--" + m[1] + " needs a value; one that begins with - is given as --" + m[1] + "=VALUE"
		}
	}
	if m := gotValue.FindStringSubmatchIndex(text); m != nil {
		value, err := strconv.Unquote(text[m[2]:m[3]])
		if err != nil {
			value = text[m[2]:m[3]]
		}
		text = text[:m[2]] + settings.Shown(value, settings.WordsOf(text[:m[0]])...)
	}
	switch m := unknownFlag.FindStringSubmatch(text); {
	case m != nil && !flagName.MatchString(m[1]):
		text = "unknown flag " + settings.Hidden(m[1])
	case strings.HasPrefix(text, "unexpected") && !strings.Contains(text, "did you mean"):
		text = "unexpected argument (not shown: it may be a secret); each value needs its flag"
	}
	return settings.Usagef("%s (see rtcbench --help)", text)
}

// browserless reports whether a command that could start a browser does not.
func (l Line) browserless(ctx *kong.Context) bool {
	for _, flag := range ctx.Flags() {
		switch flag.Name {
		case "engine":
			return ctx.FlagValue(flag) == "native"
		case "platform":
			name, _ := ctx.FlagValue(flag).(string)
			return l.Native(name)
		}
	}
	return false
}

var (
	leadingFlag = regexp.MustCompile(`^--([a-z0-9-]+)(=\S+)?`)
	gotValue    = regexp.MustCompile(`but got ("(?:[^"\\]|\\.)*").*$`)
	unknownFlag = regexp.MustCompile(`^unknown flag (\S+?)(?:,|$)`)
	flagName    = regexp.MustCompile(`^--?[a-z][a-z-]{0,30}$|^-.$`)
)
