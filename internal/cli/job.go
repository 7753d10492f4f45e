package cli

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"rtcbench/bench"
	"rtcbench/internal/settings"
)

// job is one of the measuring commands with its flags, from a file or an event: a setting has the name of
// its flag, and is read, checked and blamed as that flag is.
type job struct {
	name    string
	command string              // livekit, daily or both
	values  map[string][]string // by flag; several = the flag is repeated
	places  map[string]string   // where each value stands, for errors; "" = the flag is named alone
}

// measuring are the commands that a job can be.
func (c *commands) measuring() map[string]measuring {
	list := map[string]measuring{"livekit": &c.Livekit, "daily": &c.Daily, "both": &c.Both}
	for name, cmd := range c.others {
		list[name] = cmd
	}
	return list
}

// ownCommands are those of platforms with flags of their own. jobCommands are all that a job can be.
var (
	ownCommands = []string{"livekit", "daily", "both"}
	jobCommands = append(slices.Clone(ownCommands), slices.Sorted(maps.Keys(others()))...)
)

// forbidden are flags that are no settings of a job.
var forbidden = []string{"help", "version"}

// args is the job's command line. A value stands with its flag, so that nothing in it is taken for a flag.
func (j job) args() []string {
	args := []string{j.command}
	for _, flag := range slices.Sorted(maps.Keys(j.values)) {
		for _, v := range j.values[flag] {
			args = append(args, "--"+flag+"="+settings.Clean(v))
		}
	}
	return args
}

// set puts a value that is stronger than the file's.
func (j job) set(flag, value string) { j.values[flag] = []string{value} }

// with gives a value where the job has none.
func (j job) with(flag, value string) {
	if _, ok := j.values[flag]; !ok {
		j.set(flag, value)
	}
}

// parse reads the job as the command line of its command.
func (j job) parse(a *app) (*kong.Context, *commands, *app, error) {
	if !slices.Contains(jobCommands, j.command) {
		return nil, nil, nil, usagef("platform %s: must be %s", settings.Shown(j.command, jobCommands...), strings.Join(jobCommands, ", "))
	}
	for flag := range j.values {
		if slices.Contains(forbidden, flag) || flag != strings.ToLower(flag) || strings.ContainsAny(flag, "= ") || flag == "" {
			return nil, nil, nil, j.blameAt(flag, usagef("%s is no setting of %s", settings.Shown(flag), j.command))
		}
	}
	set := settings.New(os.LookupEnv, ".env")
	set.Talk = talk(a.stderr)
	var cmds commands
	parser := newParser(&cmds, set, a.stdout, a.stderr, func(int) {})
	parsed, err := lineOf(set).Parse(parser, j.args())
	if err != nil {
		return nil, nil, nil, j.blame(err)
	}
	in := *a
	in.settings = set
	return parsed, &cmds, &in, nil
}

// check finds out what is wrong with the job, as far as that shows without measuring, and whether it would measure the server
// inside this process, for none is named.
func (j job) check(a *app) (inSandbox bool, err error) {
	_, cmds, in, err := j.parse(a)
	if err != nil {
		return false, err
	}
	sides, _, err := in.read(cmds.measuring()[j.command])
	for _, s := range sides {
		inSandbox = inSandbox || s.job.Here
	}
	return inSandbox, j.blame(err)
}

// run measures. What it writes for a person goes to a's streams, and each run to took.
func (j job) run(ctx context.Context, a *app, stdout, stderr io.Writer, took func(bench.Record)) error {
	here := *a
	here.ctx, here.stdout, here.stderr, here.took = ctx, stdout, stderr, took
	parsed, _, in, err := j.parse(&here)
	if err != nil {
		return err
	}
	return j.blame(parsed.Run(in))
}

var namedFlag = regexp.MustCompile(`--([a-z0-9-]+)`)

// blame puts the place of the setting that an error is about in front of it.
func (j job) blame(err error) error {
	if codeOf(err) != exitUsage {
		return err
	}
	if m := namedFlag.FindStringSubmatch(err.Error()); m != nil {
		return j.blameAt(m[1], err)
	}
	return err
}

// blameAt puts the place of a flag in front of an error.
func (j job) blameAt(flag string, err error) error {
	if place := j.places[flag]; place != "" {
		return exitError{codeOf(err), fmt.Errorf("%s: %w", place, err)}
	}
	return err
}
