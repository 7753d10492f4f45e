package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"go.yaml.in/yaml/v3"

	"rtcbench/internal/schedule"
	"rtcbench/internal/settings"
)

// config is what rtcbench run is to do.
type config struct {
	plan schedule.Plan
	jobs []job
}

const (
	minEvery = time.Second
	maxEvery = 7 * 24 * time.Hour
)

// readConfig reads a file for rtcbench run. Every key has to be known: errors name the file and the line.
func readConfig(path string) (config, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return config{}, usagef("read the configuration: %w (docs/run.md shows one)", err)
	}
	f := configFile{path: path}
	c := f.read(data)
	return c, f.err
}

// configFile reads a file and keeps the first error.
type configFile struct {
	path string
	err  error
}

func (f *configFile) place(n *yaml.Node) string { return fmt.Sprintf("%s line %d", f.path, n.Line) }

func (f *configFile) fail(n *yaml.Node, format string, args ...any) {
	if f.err == nil {
		f.err = usagef("%s: %s", f.place(n), fmt.Sprintf(format, args...))
	}
}

func (f *configFile) read(data []byte) (c config) {
	var doc yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	if err := decoder.Decode(&doc); err != nil && !errors.Is(err, io.EOF) {
		f.err = usagef("%s: %s", f.path, quotedText.ReplaceAllString(strings.TrimPrefix(err.Error(), "yaml: "), "(not shown)"))
		return c
	}
	if len(doc.Content) == 0 {
		f.err = usagef("%s: it is empty (docs/run.md shows a configuration)", f.path)
		return c
	}
	if decoder.Decode(new(yaml.Node)) == nil {
		f.fail(&doc, "one document is expected, here are several")
	}
	c.plan.Every = time.Hour
	defaults := job{values: map[string][]string{}, places: map[string]string{}}
	var list *yaml.Node
	f.eachKey(doc.Content[0], func(key, value *yaml.Node) {
		switch meant(key).Value {
		case "every":
			c.plan.Every = f.duration(value, minEvery, maxEvery)
		case "jitter":
			c.plan.Jitter = f.duration(value, 0, maxEvery)
		case "defaults":
			f.settings(value, defaults)
		case "jobs":
			list = value
		default:
			f.fail(key, "%s is not known here; every, jitter, defaults and jobs are", f.name(key))
		}
	})
	if list == nil || list.Kind != yaml.SequenceNode || len(list.Content) == 0 {
		f.fail(&doc, "there are no jobs: a list of them is needed")
		return c
	}
	if c.plan.Jitter >= c.plan.Every {
		f.fail(&doc, "jitter %v has to be less than every %v", c.plan.Jitter, c.plan.Every)
	}
	for _, n := range list.Content {
		j := f.job(n, defaults)
		if slices.ContainsFunc(c.jobs, func(other job) bool { return other.name == j.name }) {
			f.fail(n, "there are two jobs of the name %s", settings.ShownName(j.name))
		}
		c.jobs = append(c.jobs, j)
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

// eachKey visits the settings of a mapping. What << merges into it comes after its own keys, and not where it has the key
// itself (https://yaml.org/type/merge.html).
func (f *configFile) eachKey(n *yaml.Node, visit func(key, value *yaml.Node)) {
	f.merge(n, map[string]bool{}, map[*yaml.Node]bool{}, visit)
}

// merge visits the keys of a mapping that are not in seen. Mappings that were visited are not visited again: they may
// contain each other.
func (f *configFile) merge(n *yaml.Node, seen map[string]bool, visited map[*yaml.Node]bool, visit func(key, value *yaml.Node)) {
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
func (f *configFile) name(key *yaml.Node) string {
	names := append([]string{"every", "jitter", "defaults", "jobs", "name", "platform"}, settingNames()...)
	if text := meant(key).Value; slices.Contains(names, text) {
		return text
	}
	return settings.Shown(meant(key).Value, names...)
}

// settingNames are the flags of the commands that a job can be.
var settingNames = sync.OnceValue(func() []string {
	var names []string
	for _, n := range newParser(&commands{}, settings.New(nil, ""), io.Discard, io.Discard, func(int) {}).Model.Children {
		if slices.Contains(jobCommands, n.Name) {
			for _, flag := range n.Flags {
				names = append(names, flag.Name)
			}
		}
	}
	return names
})

// word is a value that is no list.
func (f *configFile) word(key, value *yaml.Node) string {
	if value.Kind != yaml.ScalarNode {
		f.fail(value, "%s has to be a word", f.name(key))
	}
	return settings.Clean(value.Value)
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

func (f *configFile) duration(n *yaml.Node, lo, hi time.Duration) time.Duration {
	d, err := time.ParseDuration(n.Value)
	if err != nil || d < lo || d > hi {
		f.fail(n, "%s has to be a duration from %v to %v, as 5m or 1h30m", settings.Shown(n.Value), lo, hi)
	}
	return d
}

// settings reads flags into j.
func (f *configFile) settings(n *yaml.Node, j job) {
	f.eachKey(n, func(key, value *yaml.Node) { f.setting(key, value, j) })
}

func (f *configFile) setting(key, value *yaml.Node, j job) {
	place := f.place(key)
	key, value = meant(key), meant(value)
	list := []*yaml.Node{value}
	if value.Kind == yaml.SequenceNode {
		list = value.Content
	}
	j.values[key.Value], j.places[key.Value] = nil, place
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
			if text = settings.Clean(settings.Unquoted(os.Getenv(name))); text == "" {
				f.fail(v, "%s: %s is not set in the environment", f.name(key), shownVariable(name))
			}
		}
		j.values[key.Value] = append(j.values[key.Value], text)
	}
}

func (f *configFile) job(n *yaml.Node, defaults job) job {
	j := job{values: map[string][]string{}, places: map[string]string{}}
	for flag, v := range defaults.values {
		j.values[flag], j.places[flag] = v, defaults.places[flag]
	}
	f.eachKey(n, func(key, value *yaml.Node) {
		switch meant(key).Value {
		case "name":
			j.name = f.word(key, value)
		case "platform":
			if j.command = f.word(key, value); !slices.Contains(jobCommands, j.command) {
				f.fail(value, "platform %s: must be %s", settings.Shown(j.command, jobCommands...), strings.Join(jobCommands, ", "))
			}
		default:
			f.setting(key, value, j)
		}
	})
	if j.command == "" {
		f.fail(n, "this job has no platform: %s", strings.Join(jobCommands, ", "))
	}
	if j.name == "" {
		j.name = j.command
	}
	return j
}
