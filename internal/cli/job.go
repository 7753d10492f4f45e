package cli

import (
	"context"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/alecthomas/kong"

	"rtcbench/bench"
	"rtcbench/internal/jobs"
	"rtcbench/internal/platform/daily"
	"rtcbench/internal/platform/livekit"
	"rtcbench/internal/settings"
)

// measuring are the commands that a job can be.
func (c *commands) measuring() map[string]measuring {
	list := map[string]measuring{livekit.Platform.Name: &c.Livekit, daily.Platform.Name: &c.Daily, "both": &c.Both,
		turnCommand: &c.Turn.Livekit}
	for name, cmd := range c.others {
		list[name] = cmd
	}
	return list
}

// ownCommands are those of platforms with flags of their own. jobCommands are all that a job can be.
var (
	ownCommands = []string{livekit.Platform.Name, daily.Platform.Name, "both"}
	jobCommands = append(append(slices.Clone(ownCommands), turnCommand), slices.Sorted(maps.Keys(others()))...)
)

// platformCommands are those of jobCommands that a platform could be taken for.
func platformCommands() []string {
	return slices.DeleteFunc(slices.Clone(jobCommands), func(name string) bool { return name == turnCommand })
}

// parseJob reads a job as the command line of its command.
func (a *app) parseJob(j jobs.Job) (*kong.Context, *commands, *app, error) {
	if !slices.Contains(jobCommands, j.Command) {
		return nil, nil, nil, usagef("platform %s: must be %s", settings.Shown(j.Command, jobCommands...),
			strings.Join(jobCommands, ", "))
	}
	if err := j.Check(); err != nil {
		return nil, nil, nil, err
	}
	set := settings.New(ours, ".env")
	var cmds commands
	parser := newParser(&cmds, set, a.stdout, a.stderr, func(int) {})
	parsed, err := lineOf(set).Parse(parser, j.Args())
	if err != nil {
		return nil, nil, nil, j.Blame(err)
	}
	set.Talk = talk(a.stderr) // what there is to say of .env the command has said
	in := *a
	in.settings = set
	return parsed, &cmds, &in, nil
}

// checkJob finds out what is wrong with a job, as far as that shows without measuring, and whether it would measure the
// server inside this process, for none is named.
func (a *app) checkJob(j jobs.Job) (inSandbox bool, err error) {
	_, cmds, in, err := a.parseJob(j)
	if err != nil {
		return false, err
	}
	sides, _, err := in.read(cmds.measuring()[j.Command])
	for _, s := range sides {
		inSandbox = inSandbox || s.job.Here
	}
	return inSandbox, j.Blame(err)
}

// runJob measures. What it writes for a person goes to stdout and stderr, and each run to took.
func (a *app) runJob(ctx context.Context, j jobs.Job, stdout, stderr io.Writer, took func(bench.Record)) error {
	here := *a
	here.ctx, here.stdout, here.stderr, here.took = ctx, stdout, stderr, took
	parsed, _, in, err := here.parseJob(j)
	if err != nil {
		return err
	}
	return j.Blame(parsed.Run(in))
}

// settingNames are the flags of the commands that a job can be.
var settingNames = sync.OnceValue(func() []string {
	var names []string
	take := func(command string, flags []*kong.Flag) {
		for _, flag := range flags {
			if slices.Contains(jobCommands, command) {
				names = append(names, flag.Name)
			}
		}
	}
	for _, n := range newParser(&commands{}, settings.New(nil, ""), io.Discard, io.Discard, func(int) {}).
		Model.Children {
		take(n.Name, n.Flags)
		for _, below := range n.Children {
			take(n.Name+" "+below.Name, below.Flags)
		}
	}
	return names
})

// knownToJobs is what a file of jobs can name.
func knownToJobs() jobs.Known {
	return jobs.Known{Commands: jobCommands, Settings: settingNames, Getenv: ours.Get}
}
