// Package settings is where the values of flags come from, how they are read, and what an error may show of them: a
// value may be a secret that stands in the wrong place. It knows no parser of command lines, and no command.
package settings

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"sync"
	"syscall"

	"rtcbench/internal/dotenv"
)

// Rank orders the sources of a setting: the higher wins.
type Rank int

// The ranks, from the lowest: nobody gave a value, or .env, the environment or the command line did.
const (
	ByDefault Rank = iota
	ByDotEnv
	ByEnvironment
	ByFlag
)

// Source is where the value of a flag came from.
type Source struct {
	Rank Rank
	name string // the variable's
	line int    // in .env
}

// Sources finds values for flags that were not given: in the environment, then in .env. A variable that is empty counts
// as not set. Sources also know where the value of each flag stands.
type Sources struct {
	lookup  func(string) (string, bool)
	dotenv  func() map[string]dotenv.Var // reads .env once, when something is first looked for there
	sources map[string]Source            // by the flag's long name
	names   map[string]string            // flags that this command calls otherwise
	called  map[string]string            // by the flag's long name: the variable that can give its value
	found   map[string]bool              // the values that variables gave

	Ignores func(name string) bool // variables of .env; nil = none
	Talk    func(line string)      // takes what has to be said while something else is done; nil = nobody listens
}

// Say writes a line of talk.
func (s *Sources) Say(line string) {
	if s != nil && s.Talk != nil {
		s.Talk(line)
	}
}

// New looks into the environment and then into the file of that path; "" = into no file.
func New(lookup func(string) (string, bool), path string) *Sources {
	s := &Sources{lookup: lookup, sources: map[string]Source{}, called: map[string]string{},
		found: map[string]bool{}}
	s.dotenv = sync.OnceValue(func() map[string]dotenv.Var {
		vars, passed := readDotEnv(path)
		if passed != "" {
			s.Say(fmt.Sprintf("%s %s: it is left out, so give its settings in the environment", path, passed))
		}
		return vars
	})
	return s
}

// maxDotEnv is more than any .env has.
const maxDotEnv = 1 << 20

// readDotEnv reads a file of settings. Nobody has to have one, so what cannot be read stops no command: passed is the
// reason. A folder of that name, as Python's virtual environments often have it, and a device hold no settings, and are
// passed over without a reason; so is a folder that may not be looked into. A pipe would keep its reader waiting.
func readDotEnv(path string) (vars map[string]dotenv.Var, passed string) {
	if path == "" {
		return nil, ""
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.ENOTDIR):
		return nil, ""
	case err != nil:
		return nil, fmt.Sprintf("cannot be read (%v)", reason(err))
	case info.IsDir(), info.Mode()&fs.ModeDevice != 0:
		return nil, ""
	case !info.Mode().IsRegular():
		return nil, "is no regular file"
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Sprintf("cannot be read (%v)", reason(err))
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxDotEnv+1))
	switch {
	case err != nil:
		return nil, fmt.Sprintf("cannot be read (%v)", reason(err))
	case len(data) > maxDotEnv:
		return nil, fmt.Sprintf("has more than %d KB, as no file of settings has", maxDotEnv>>10)
	}
	return dotenv.Parse(data), ""
}

// reason is an error of the file system without the path, which the message names.
func reason(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}

// Find is the value of a variable and where it stands.
func (s *Sources) Find(name string) (string, Source, error) {
	if v, ok := s.lookup(name); ok {
		if v = Clean(Unquoted(v)); v != "" {
			src := Source{Rank: ByEnvironment, name: name}
			s.found[v] = true
			return v, src, src.text(v)
		}
	}
	v, ok := s.dotenv()[name]
	if ok && s.Ignores != nil && s.Ignores(name) {
		return "", Source{}, nil
	}
	src := Source{Rank: ByDotEnv, name: name, line: v.Line}
	if v.Value = Clean(v.Value); !ok || v.Value == "" && v.Err == nil {
		return "", Source{}, nil
	}
	if v.Err != nil { // no text of the line is shown: it may be a secret
		return "", Source{}, Usagef("%s: %w", src, v.Err)
	}
	s.found[v.Value] = true
	return v.Value, src, src.text(v.Value)
}

// Get is Find for a variable that is no flag's. An error of .env comes up with the flags.
func (s *Sources) Get(name string) string {
	v, _, _ := s.Find(name)
	return v
}

// String says where it is, for an error.
func (src Source) String() string {
	if src.Rank == ByDotEnv {
		return fmt.Sprintf("%s (.env line %d)", src.name, src.line)
	}
	return src.name + " (environment)"
}

// text refuses what is no text.
func (src Source) text(v string) error {
	if err := CheckText(v); err != nil {
		return Usagef("%s: %w", src, err)
	}
	return nil
}

// Renamed is s for code that knows some flags by other names.
func (s *Sources) Renamed(names map[string]string) *Sources {
	c := *s
	c.names = names
	return &c
}

// Flag is what this command calls a flag.
func (s *Sources) Flag(name string) string {
	if other, ok := s.names[name]; ok {
		return other
	}
	return name
}

// Call takes down the variable that can give the value of a flag.
func (s *Sources) Call(flag, variable string) { s.called[flag] = variable }

// Ways are how flags can be given: --a and --b (A, B).
func (s *Sources) Ways(flags ...string) string {
	var list, variables []string
	for _, flag := range flags {
		flag = s.Flag(flag)
		list = append(list, "--"+flag)
		if v := s.called[flag]; v != "" {
			variables = append(variables, v)
		}
	}
	text := strings.Join(list, " and ")
	if variables != nil {
		text += " (" + strings.Join(variables, ", ") + ")"
	}
	return text
}

// Note takes down where the value of a flag stands.
func (s *Sources) Note(flag string, src Source) { s.sources[flag] = src }

// VariableOf is the name of the variable that gives the value of a flag; "" = none does.
func (s *Sources) VariableOf(flag string) string { return s.sources[flag].name }

// Rank is that of the source of a flag.
func (s *Sources) Rank(flag string) Rank { return s.sources[s.Flag(flag)].Rank }

// Name says where the value of a flag stands, for an error that blames it.
func (s *Sources) Name(flag string) string {
	flag = s.Flag(flag)
	if src := s.sources[flag]; src.Rank == ByEnvironment || src.Rank == ByDotEnv {
		return src.String()
	}
	return "--" + flag
}

// Bad is the error for a value that is not allowed.
func (s *Sources) Bad(flag, value, allowed string) error {
	return s.BadAs(flag, Shown(value, WordsOf(allowed)...), allowed)
}

// BadAs is Bad for a value that is shown in a way of its own.
func (s *Sources) BadAs(flag, shown, allowed string) error {
	return Usagef("%s %s: must be %s", s.Name(flag), shown, allowed)
}
