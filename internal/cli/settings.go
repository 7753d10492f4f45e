package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"github.com/alecthomas/kong"

	"rtcbench/internal/dotenv"
	"rtcbench/internal/report"
)

// rank orders the sources of a setting: the higher wins.
type rank int

const (
	byDefault rank = iota
	byDotEnv
	byEnvironment
	byFlag
)

// source is where the value of a flag came from.
type source struct {
	rank rank
	name string // the variable's
	line int    // in .env
}

// settings finds values for flags that were not given: in the environment, then in .env. The names are in the flags'
// "from" tags. A variable that is empty counts as not set.
type settings struct {
	lookup  func(string) (string, bool)
	dotenv  func() (map[string]dotenv.Var, error) // reads .env once, when something is first looked for there
	sources map[string]source                     // by the flag's long name
	refused []string                              // flags that .env gives and may not give
	names   map[string]string                     // flags that this command calls otherwise
	talk    io.Writer                             // for what has to be said while something else is done; nil = nobody listens
}

// say writes a line of talk.
func (s *settings) say(line string) {
	if s != nil && s.talk != nil {
		fmt.Fprintf(s.talk, "rtcbench: %s\n", report.Printable(line))
	}
}

// newSettings looks into the environment and then into the file of that path; "" = into no file.
func newSettings(lookup func(string) (string, bool), path string) *settings {
	return &settings{
		lookup: lookup, sources: map[string]source{},
		dotenv: sync.OnceValues(func() (map[string]dotenv.Var, error) { return readDotEnv(path) }),
	}
}

// maxDotEnv is more than any .env has.
const maxDotEnv = 1 << 20

// readDotEnv reads a file of settings. A folder of that name, as Python's virtual environments often have it, and a
// device hold none; nor does a folder tell that may not be looked into.
func readDotEnv(path string) (map[string]dotenv.Var, error) {
	if path == "" {
		return nil, nil
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.ENOTDIR):
		return nil, nil
	case err != nil:
		return nil, usagef("read %s: %w", path, reason(err))
	case info.IsDir(), info.Mode()&fs.ModeDevice != 0:
		return nil, nil
	case !info.Mode().IsRegular():
		return nil, usagef("%s is no regular file, and is not read: give its settings in the environment", path)
	case info.Size() > maxDotEnv:
		return nil, usagef("%s has more than %d KB: that is no file of settings", path, maxDotEnv>>10)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, usagef("read %s: %w", path, reason(err))
	}
	return dotenv.Parse(data), nil
}

// reason is an error of the file system without the path, which the message names.
func reason(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}

// find is the value of a variable and where it stands.
func (s *settings) find(name string) (string, source, error) {
	if v, ok := s.lookup(name); ok {
		if v = clean(unquoted(v)); v != "" {
			src := source{rank: byEnvironment, name: name}
			return v, src, src.text(v)
		}
	}
	vars, err := s.dotenv()
	if err != nil {
		return "", source{}, err
	}
	v, ok := vars[name]
	src := source{rank: byDotEnv, name: name, line: v.Line}
	if v.Value = clean(v.Value); !ok || v.Value == "" && v.Err == nil {
		return "", source{}, nil
	}
	if v.Err != nil { // no text of the line is shown: it may be a secret
		return "", source{}, usagef("%s: %w", src, v.Err)
	}
	return v.Value, src, src.text(v.Value)
}

// get is find for a variable that is no flag's. An error of .env comes up with the flags.
func (s *settings) get(name string) string {
	v, _, _ := s.find(name)
	return v
}

// String says where it is, for an error.
func (src source) String() string {
	if src.rank == byDotEnv {
		return fmt.Sprintf("%s (.env line %d)", src.name, src.line)
	}
	return src.name + " (environment)"
}

// text refuses what is no text.
func (src source) text(v string) error {
	if err := checkText(v); err != nil {
		return usagef("%s: %w", src, err)
	}
	return nil
}

// Validate implements kong.Resolver.
func (s *settings) Validate(*kong.Application) error { return nil }

// Resolve implements kong.Resolver for flags that were not given.
func (s *settings) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	// Several names: the first that is set is the value.
	for name := range strings.SplitSeq(flag.Tag.Get("from"), ",") {
		if name == "" {
			continue
		}
		v, src, err := s.find(name)
		if err != nil {
			return nil, err
		}
		if src.rank == byDefault {
			continue
		}
		s.sources[flag.Name] = src
		if src.rank == byDotEnv && flag.Tag.Get("dotenv") == "no" {
			s.refused = append(s.refused, flag.Name)
			return nil, nil
		}
		return v, nil
	}
	return nil, nil
}

// parse reads a command line. An error is told as ours are.
func (s *settings) parse(parser *kong.Kong, args []string) (*kong.Context, error) {
	ctx, err := parser.Parse(flagsFirst(parser.Model, args)) // help and version end here
	if err != nil {
		return nil, s.explain(misplaced(parser.Model, args, err))
	}
	return ctx, s.parsed(ctx)
}

// parsed takes note of the flags that were given, and refuses what .env may not give: it stands in the working
// directory, which may be anybody's, and so names no program to run and no place to load one from, and takes no
// protection away. What the command does not use is none of its business.
func (s *settings) parsed(ctx *kong.Context) error {
	for _, p := range ctx.Path {
		if p.Flag != nil && !p.Resolved {
			s.sources[p.Flag.Name] = source{rank: byFlag}
		}
	}
	for _, flag := range s.refused {
		if flag != "insecure" && browserless(ctx) {
			continue
		}
		return usagef("%s: a .env may not set this; set it in the environment, or give --%s", s.name(flag), flag)
	}
	return nil
}

// browserless reports whether a command that could start a browser does not.
func browserless(ctx *kong.Context) bool {
	for _, flag := range ctx.Flags() {
		switch flag.Name {
		case "engine":
			return ctx.FlagValue(flag) == "native"
		case "platform":
			return ctx.FlagValue(flag) == "livekit"
		}
	}
	return false
}

// renamed is s for code that knows some flags by other names.
func (s *settings) renamed(names map[string]string) *settings {
	c := *s
	c.names = names
	return &c
}

func (s *settings) flag(name string) string {
	if other, ok := s.names[name]; ok {
		return other
	}
	return name
}

func (s *settings) rank(flag string) rank { return s.sources[s.flag(flag)].rank }

// name says where the value of a flag stands, for an error that blames it.
func (s *settings) name(flag string) string {
	flag = s.flag(flag)
	if src := s.sources[flag]; src.rank == byEnvironment || src.rank == byDotEnv {
		return src.String()
	}
	return "--" + flag
}

// bad is the error for a value that is not allowed.
func (s *settings) bad(flag, value, allowed string) error {
	return s.badAs(flag, shown(value, wordsOf(allowed)...), allowed)
}

// badAs is bad for a value that is shown in a way of its own.
func (s *settings) badAs(flag, shown, allowed string) error {
	return usagef("%s %s: must be %s", s.name(flag), shown, allowed)
}

// explain makes an error of the parser's one of ours: with the true source of a value, which the parser does not know,
// and without what may be a secret.
func (s *settings) explain(err error) error {
	var e exitError
	if errors.As(err, &e) { // a setting's own
		return e
	}
	text := err.Error()
	if m := leadingFlag.FindStringSubmatch(text); m != nil {
		if _, known := s.sources[m[1]]; known {
			text = s.name(m[1]) + strings.TrimPrefix(text, m[0])
		}
		if strings.Contains(text, "value but got") { // it would show what follows, and advise against itself
			text = "--" + m[1] + " needs a value; one that begins with - is given as --" + m[1] + "=VALUE"
		}
	}
	if m := gotValue.FindStringSubmatchIndex(text); m != nil {
		value, err := strconv.Unquote(text[m[2]:m[3]])
		if err != nil {
			value = text[m[2]:m[3]]
		}
		text = text[:m[2]] + shown(value, wordsOf(text[:m[0]])...)
	}
	switch m := unknownFlag.FindStringSubmatch(text); {
	case m != nil && !flagName.MatchString(m[1]):
		text = "unknown flag " + hidden(m[1])
	case strings.HasPrefix(text, "unexpected") && !strings.Contains(text, "did you mean"):
		text = "unexpected argument (not shown: it may be a secret); each value needs its flag"
	}
	return exitError{exitUsage, fmt.Errorf("%s (see rtcbench --help)", text)}
}

var (
	leadingFlag = regexp.MustCompile(`^--([a-z0-9-]+)(=\S+)?`)
	gotValue    = regexp.MustCompile(`but got ("(?:[^"\\]|\\.)*").*$`)
	unknownFlag = regexp.MustCompile(`^unknown flag (\S+?)(?:,|$)`)
	flagName    = regexp.MustCompile(`^--?[a-z][a-z-]{0,30}$|^-.$`)
)
