// Package jobs reads what is to be measured from where no command line is: from a file of jobs and from an event of AWS
// Lambda. A job is a command with its flags in plain words, and knows where each of them stands.
package jobs

import (
	"errors"
	"maps"
	"regexp"
	"slices"
	"strings"

	"rtcbench/internal/settings"
)

// Job is one of the measuring commands with its flags, from a file or an event: a setting has the name of
// its flag, and is read, checked and blamed as that flag is.
type Job struct {
	Name    string
	Command string              // livekit, daily, both or turn livekit
	Values  map[string][]string // by flag; several = the flag is repeated
	Places  map[string]string   // where each value stands, for errors; "" = the flag is named alone

	Where   map[string][]string // of a fleet's job: labels that a place has to have
	Aligned bool                // … it begins at the slot itself, everywhere
}

// forbidden are flags that are no settings of a job.
var forbidden = []string{"help", "version"}

var namedFlag = regexp.MustCompile(`--([a-z0-9-]+)`)

// Args is the job's command line. A value stands with its flag, so that nothing in it is taken for a flag.
func (j Job) Args() []string {
	args := strings.Fields(j.Command)
	for _, flag := range slices.Sorted(maps.Keys(j.Values)) {
		for _, v := range j.Values[flag] {
			args = append(args, "--"+flag+"="+settings.Clean(v))
		}
	}
	return args
}

// Set is the job with a value that is stronger than its own.
func (j Job) Set(flag, value string) Job {
	j.Values = maps.Clone(j.Values)
	j.Values[flag] = []string{value}
	return j
}

// With is the job with a value where it has none.
func (j Job) With(flag, value string) Job {
	if _, ok := j.Values[flag]; ok {
		return j
	}
	return j.Set(flag, value)
}

// Check fails where the name of a value cannot be a setting's.
func (j Job) Check() error {
	for flag := range j.Values {
		if slices.Contains(forbidden, flag) || flag != strings.ToLower(flag) || strings.ContainsAny(flag, "= ") ||
			flag == "" {
			return j.blameAt(flag, settings.Usagef("%s is no setting of %s", settings.Shown(flag), j.Command))
		}
	}
	return nil
}

// One fails where a flag that takes one value has a list of several, or an empty one.
func (j Job) One(flag string) error {
	if n := len(j.Values[flag]); n != 1 {
		return j.blameAt(flag, settings.Usagef("%s has %d values, and takes one", flag, n))
	}
	return nil
}

// Blame puts the place of the setting that an error is about in front of it. The error is about the flag that it names
// first; one that is no usage error is about none.
func (j Job) Blame(err error) error {
	if errors.As(err, new(settings.UsageError)) {
		if m := namedFlag.FindStringSubmatch(err.Error()); m != nil {
			return j.blameAt(m[1], err)
		}
	}
	return err
}

// blameAt puts the place of a flag in front of an error.
func (j Job) blameAt(flag string, err error) error {
	if place := j.Places[flag]; place != "" {
		return settings.Usagef("%s: %w", place, err)
	}
	return err
}
