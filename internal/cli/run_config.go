package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"rtcbench/internal/schedule"
)

// config is what rtcbench run is to do.
type config struct {
	plan schedule.Plan
	jobs []job

	serverless []string // jobs that name no server and would measure the one inside this process
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
		f.err = usagef("%s: %s", f.path, strings.TrimPrefix(err.Error(), "yaml: "))
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
		switch key.Value {
		case "every":
			c.plan.Every = f.duration(value, minEvery, maxEvery)
		case "jitter":
			c.plan.Jitter = f.duration(value, 0, maxEvery)
		case "defaults":
			f.settings(value, defaults)
		case "jobs":
			list = value
		default:
			f.fail(key, "%q is not known here; every, jitter, defaults and jobs are", key.Value)
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
			f.fail(n, "there are two jobs of the name %q", j.name)
		}
		c.jobs = append(c.jobs, j)
	}
	return c
}

func (f *configFile) eachKey(n *yaml.Node, visit func(key, value *yaml.Node)) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Kind != yaml.MappingNode {
		f.fail(n, "settings of the form NAME: VALUE are expected here")
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content) && f.err == nil; i += 2 {
		key := n.Content[i]
		if seen[key.Value] {
			f.fail(key, "%q stands here twice", key.Value)
		}
		seen[key.Value] = true
		visit(key, n.Content[i+1])
	}
}

func (f *configFile) duration(n *yaml.Node, lo, hi time.Duration) time.Duration {
	d, err := time.ParseDuration(n.Value)
	if err != nil || d < lo || d > hi {
		f.fail(n, "%q has to be a duration from %v to %v, as 5m or 1h30m", n.Value, lo, hi)
	}
	return d
}

// settings reads flags into j.
func (f *configFile) settings(n *yaml.Node, j job) {
	f.eachKey(n, func(key, value *yaml.Node) { f.setting(key, value, j) })
}

func (f *configFile) setting(key, value *yaml.Node, j job) {
	if value.Kind == yaml.AliasNode {
		value = value.Alias
	}
	list := []*yaml.Node{value}
	if value.Kind == yaml.SequenceNode {
		list = value.Content
	}
	j.values[key.Value], j.places[key.Value] = nil, f.place(key)
	for _, v := range list {
		switch {
		case v.Kind != yaml.ScalarNode:
			f.fail(v, "%s has to be a value or a list of values", key.Value)
		case v.Tag == "!!null":
			f.fail(v, "%s has no value; leave it out if it is not wanted", key.Value)
		}
		text := v.Value
		// ${NAME} is the environment's: secrets need not stand in the file.
		if name, ok := strings.CutPrefix(text, "${"); ok && strings.HasSuffix(name, "}") {
			name = strings.TrimSuffix(name, "}")
			if text = os.Getenv(name); text == "" {
				f.fail(v, "%s: %s is not set in the environment", key.Value, name)
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
		switch key.Value {
		case "name":
			j.name = value.Value
		case "platform":
			if j.command = value.Value; !slices.Contains(measuring, j.command) {
				f.fail(value, "platform %.40q: must be %s", j.command, strings.Join(measuring, ", "))
			}
		default:
			f.setting(key, value, j)
		}
	})
	if j.command == "" {
		f.fail(n, "this job has no platform: %s", strings.Join(measuring, ", "))
	}
	if j.name == "" {
		j.name = j.command
	}
	return j
}
