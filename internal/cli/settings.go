package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/joho/godotenv"

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

// settings finds values for flags that were not given: in the environment, then in .env.
// The names are in the flags' "from" tags. A variable that is empty counts as not set.
type settings struct {
	lookup  func(string) (string, bool)
	dotenv  map[string]string
	lines   map[string]int
	sources map[string]source // by the flag's long name
	names   map[string]string // flags that this command calls otherwise
	talk    io.Writer         // for what has to be said while something else is done; nil = nobody listens
}

// say writes a line of talk.
func (s *settings) say(line string) {
	if s != nil && s.talk != nil {
		fmt.Fprintf(s.talk, "rtcbench: %s\n", report.Printable(line))
	}
}

func newSettings(lookup func(string) (string, bool)) *settings {
	return &settings{lookup: lookup, sources: map[string]source{}, lines: map[string]int{}}
}

var assignment = regexp.MustCompile(`^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_.]*)\s*[=:]`)

// readDotEnv reads path, if it is there. No line of it is ever shown: it holds secrets.
func (s *settings) readDotEnv(path string) error {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return usagef("read %s: %w", path, err)
	}
	if s.dotenv, err = godotenv.UnmarshalBytes(data); err != nil {
		return usagef("%s line %d: not a line of the form NAME=value", path, firstBadLine(data))
	}
	for i, line := range strings.Split(string(data), "\n") {
		if m := assignment.FindStringSubmatch(line); m != nil {
			s.lines[m[1]] = i + 1 // the last one wins, as it does in godotenv
		}
	}
	return nil
}

func firstBadLine(data []byte) int {
	lines := bytes.SplitAfter(data, []byte("\n"))
	for i := range lines {
		if _, err := godotenv.UnmarshalBytes(bytes.Join(lines[:i+1], nil)); err != nil {
			return i + 1
		}
	}
	return 1
}

// get is the value of a variable and where it stands.
func (s *settings) get(name string) (string, source) {
	if v, ok := s.lookup(name); ok && v != "" {
		return v, source{rank: byEnvironment, name: name}
	}
	if v := s.dotenv[name]; v != "" {
		return v, source{rank: byDotEnv, name: name, line: s.lines[name]}
	}
	return "", source{}
}

// Validate implements kong.Resolver.
func (s *settings) Validate(*kong.Application) error { return nil }

// Resolve implements kong.Resolver for flags that were not given.
func (s *settings) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	// Several names: the first that is set is the value.
	for name := range strings.SplitSeq(flag.Tag.Get("from"), ",") {
		if v, src := s.get(name); name != "" && src.rank != byDefault {
			s.sources[flag.Name] = src
			return v, checkText(v)
		}
	}
	return nil, nil
}

func (s *settings) noteFlags(ctx *kong.Context) {
	for _, p := range ctx.Path {
		if p.Flag != nil && !p.Resolved {
			s.sources[p.Flag.Name] = source{rank: byFlag}
		}
	}
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
	switch src := s.sources[flag]; src.rank {
	case byEnvironment:
		return src.name + " (environment)"
	case byDotEnv:
		return fmt.Sprintf("%s (.env line %d)", src.name, src.line)
	}
	return "--" + flag
}

// bad is the error for a value that is not allowed.
func (s *settings) bad(flag, value, allowed string) error {
	return usagef("%s %q: must be %s", s.name(flag), value, allowed)
}

// explain puts the true source into an error of the parser's, which names flags only.
func (s *settings) explain(err error) error {
	text := err.Error()
	if m := leadingFlag.FindStringSubmatch(text); m != nil {
		if _, known := s.sources[m[1]]; known {
			text = s.name(m[1]) + strings.TrimPrefix(text, m[0])
		}
		if strings.Contains(text, "value but got") { // it would show what follows, and advise against itself
			text = "--" + m[1] + " needs a value; one that begins with - is given as --" + m[1] + "=VALUE"
		}
	}
	if strings.HasPrefix(text, "unexpected argument") && !strings.Contains(text, "did you mean") {
		text = "unexpected argument (not shown: it may be a secret); each value needs its flag"
	}
	return fmt.Errorf("%s (see rtcbench --help)", text)
}
