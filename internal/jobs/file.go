package jobs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"go.yaml.in/yaml/v3"

	"rtcbench/internal/schedule"
	"rtcbench/internal/settings"
)

// Known is what a file can name.
type Known struct {
	Commands []string                 // the commands that a job can be
	Settings func() []string          // their flags
	Getenv   func(name string) string // for ${NAME}
}

// File is what rtcbench run is to do.
type File struct {
	Plan schedule.Plan
	Jobs []Job
}

// The shortest and the longest time from slot to slot.
const (
	MinEvery = time.Second
	MaxEvery = 7 * 24 * time.Hour
)

// Read reads a file for rtcbench run. Every key has to be known: errors name the file and the line.
func Read(path string, may Known) (File, error) {
	data, err := settings.ReadFile(path)
	if err != nil {
		return File{}, settings.Usagef("read the configuration: %w (docs/run.md shows one)", err)
	}
	f := reader{path: path, Known: may}
	c := f.read(data)
	return c, f.err
}

// reader reads a file and keeps the first error.
type reader struct {
	Known
	path  string
	err   error
	fleet bool // it is the file of a fleet

	platforms map[string]*yaml.Node // of a fleet: settings that its jobs have by their platform
}

// docs is the page that shows such a file.
func (f *reader) docs() string {
	if f.fleet {
		return "docs/fleet.md"
	}
	return "docs/run.md"
}

func (f *reader) place(n *yaml.Node) string { return fmt.Sprintf("%s line %d", f.path, n.Line) }

func (f *reader) fail(n *yaml.Node, format string, args ...any) {
	if f.err == nil {
		f.err = settings.Usagef("%s: %s", f.place(n), fmt.Sprintf(format, args...))
	}
}

func (f *reader) read(data []byte) (c File) {
	var doc yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	if err := decoder.Decode(&doc); err != nil && !errors.Is(err, io.EOF) {
		said := strings.TrimPrefix(err.Error(), "yaml: ")
		f.err = settings.Usagef("%s: %s", f.path, quotedText.ReplaceAllString(said, "(not shown)"))
		return c
	}
	if len(doc.Content) == 0 {
		f.err = settings.Usagef("%s: it is empty (%s shows a configuration)", f.path, f.docs())
		return c
	}
	if decoder.Decode(new(yaml.Node)) == nil {
		f.fail(&doc, "one document is expected, here are several")
	}
	c.Plan.Every = time.Hour
	defaults := Job{Values: map[string][]string{}, Places: map[string]string{}}
	var list *yaml.Node
	f.eachKey(doc.Content[0], func(key, value *yaml.Node) {
		switch meant(key).Value {
		case "every":
			c.Plan.Every = f.duration(value, MinEvery, MaxEvery)
		case "jitter":
			c.Plan.Jitter = f.duration(value, 0, MaxEvery)
		case "defaults":
			f.settings(value, &defaults)
		case "jobs":
			list = value
		case "platforms":
			f.perPlatform(key, value)
		default:
			f.unknown(key)
		}
	})
	if list == nil || list.Kind != yaml.SequenceNode || len(list.Content) == 0 {
		f.fail(&doc, "there are no jobs: a list of them is needed")
		return c
	}
	if c.Plan.Jitter >= c.Plan.Every {
		f.fail(&doc, "jitter %v has to be less than every %v", c.Plan.Jitter, c.Plan.Every)
	}
	for _, n := range list.Content {
		j := f.job(n, defaults)
		if slices.ContainsFunc(c.Jobs, func(other Job) bool { return other.Name == j.Name }) {
			f.fail(n, "there are two jobs of the name %s: give one of them a name of its own, as name: other",
				settings.ShownName(j.Name))
		}
		c.Jobs = append(c.Jobs, j)
	}
	return c
}

// meant is the node that n stands for, if n is an alias.
func meant(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// eachKey visits the settings of a mapping. What << merges into it comes after its own keys, and not where it has the
// key itself (https://yaml.org/type/merge.html).
func (f *reader) eachKey(n *yaml.Node, visit func(key, value *yaml.Node)) {
	f.merge(n, map[string]bool{}, map[*yaml.Node]bool{}, visit)
}

// merge visits the keys of a mapping that are not in seen. Mappings that were visited are not visited again: they may
// contain each other.
func (f *reader) merge(n *yaml.Node, seen map[string]bool, visited map[*yaml.Node]bool,
	visit func(key, value *yaml.Node)) {
	place := n
	if n = meant(n); n.Kind != yaml.MappingNode {
		f.fail(place, "settings of the form NAME: VALUE are expected here")
		return
	}
	if visited[n] {
		return
	}
	visited[n] = true
	own := map[string]bool{}
	var merged []*yaml.Node
	for i := 0; i+1 < len(n.Content) && f.err == nil; i += 2 {
		key, value := meant(n.Content[i]), meant(n.Content[i+1])
		switch {
		case key.Kind != yaml.ScalarNode:
			f.fail(n.Content[i], "the name of a setting has to be a word")
		case own[key.Value]:
			f.fail(n.Content[i], "%s stands here twice", f.name(key))
		case key.Tag == "!!merge" && value.Kind == yaml.SequenceNode:
			merged = append(merged, value.Content...)
		case key.Tag == "!!merge":
			merged = append(merged, n.Content[i+1])
		case !seen[key.Value]:
			seen[key.Value] = true
			visit(n.Content[i], value)
		}
		own[key.Value] = true
	}
	for _, m := range merged {
		f.merge(m, seen, visited, visit)
	}
}

// name is a key as an error may show it.
func (f *reader) name(key *yaml.Node) string {
	names := slices.Concat([]string{"every", "jitter", "defaults", "jobs", "name", "platform", "platforms"}, fleetKeys,
		f.Settings())
	if text := meant(key).Value; slices.Contains(names, text) {
		return text
	}
	return settings.Shown(meant(key).Value, names...)
}

// word is a value that is no list.
func (f *reader) word(key, value *yaml.Node) string {
	if value.Kind != yaml.ScalarNode {
		f.fail(value, "%s has to be a word", f.name(key))
	}
	text := settings.Clean(value.Value)
	if strings.ContainsFunc(text, unicode.IsControl) {
		f.fail(value, "%s has to be a word on one line, without control characters", f.name(key))
	}
	return text
}

// quotedText is what an error of the parser repeats of the file.
var quotedText = regexp.MustCompile("'[^']*'|`[^`]*`|\"[^\"]*\"")

// shownVariable is the name of a variable, or what stands in its place.
func shownVariable(name string) string {
	if variableName.MatchString(name) {
		return name
	}
	return settings.Hidden(name)
}

var variableName = regexp.MustCompile(`^[A-Z][A-Z_]{0,40}[A-Z0-9_]{0,4}$`)

func (f *reader) duration(n *yaml.Node, lo, hi time.Duration) time.Duration {
	d, err := time.ParseDuration(n.Value)
	switch {
	case n.Kind != yaml.ScalarNode:
		f.fail(n, "here has to be one duration from %v to %v, as 5m or 1h30m", lo, hi)
	case err != nil || d < lo || d > hi:
		f.fail(n, "%s has to be a duration from %v to %v, as 5m or 1h30m", settings.Shown(n.Value), lo, hi)
	}
	return d
}

// settings reads into j what jobs have in common: flags, and the keys that only fleets have.
func (f *reader) settings(n *yaml.Node, j *Job) {
	f.eachKey(n, func(key, value *yaml.Node) { f.setting(key, value, j) })
}

func (f *reader) setting(key, value *yaml.Node, j *Job) {
	if slices.Contains(fleetKeys, meant(key).Value) {
		f.fleetKey(key, value, j)
		return
	}
	place := f.place(key)
	key, value = meant(key), meant(value)
	list := []*yaml.Node{value}
	if value.Kind == yaml.SequenceNode {
		list = value.Content
	}
	j.Values[key.Value], j.Places[key.Value] = nil, place
	for _, v := range list {
		v = meant(v)
		switch {
		case v.Kind != yaml.ScalarNode:
			f.fail(v, "%s has to be a value or a list of values", f.name(key))
		case v.Tag == "!!null":
			f.fail(v, "%s has no value; leave it out if it is not wanted", f.name(key))
		}
		text := v.Value
		// ${NAME} is the environment's: secrets need not stand in the file.
		if name, ok := strings.CutPrefix(text, "${"); ok && strings.HasSuffix(name, "}") {
			name = strings.TrimSuffix(name, "}")
			if text = settings.Clean(settings.Unquoted(f.Getenv(name))); text == "" {
				f.fail(v, "%s: %s is not set in the environment", f.name(key), shownVariable(name))
			}
		}
		j.Values[key.Value] = append(j.Values[key.Value], text)
	}
}

func (f *reader) job(n *yaml.Node, defaults Job) Job {
	j := Job{Values: map[string][]string{}, Places: map[string]string{}}
	j.Where, j.Aligned = defaults.Where, defaults.Aligned
	maps.Copy(j.Values, defaults.Values)
	maps.Copy(j.Places, defaults.Places)
	f.eachKey(n, func(key, value *yaml.Node) {
		switch meant(key).Value {
		case "name":
			j.Name = f.word(key, value)
		case "platform":
			if j.Command = f.word(key, value); !slices.Contains(f.Commands, j.Command) {
				f.fail(value, "platform %s: must be %s", settings.Shown(j.Command, f.Commands...),
					strings.Join(f.Commands, ", "))
			}
		default:
			f.setting(key, value, &j)
		}
	})
	if j.Command == "" {
		f.fail(n, "this job has no platform: %s", strings.Join(f.Commands, ", "))
	}
	if j.Name == "" {
		j.Name = j.Command
	}
	if of := f.platforms[j.Command]; of != nil {
		j = f.ofPlatform(of, j)
	}
	return j
}
