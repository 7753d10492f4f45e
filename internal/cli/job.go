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
	"rtcbench/internal/commandline"
	"rtcbench/internal/fleet/orders"
	"rtcbench/internal/jobs"
	"rtcbench/internal/measure"
	"rtcbench/internal/platform"
	"rtcbench/internal/platform/daily"
	"rtcbench/internal/platform/livekit"
	"rtcbench/internal/settings"
)

// measuring are the commands that a job can be.
func (c *commands) measuring() map[string]measuring {
	list := map[string]measuring{livekit.Platform.Name: &c.Livekit, daily.Platform.Name: &c.Daily, "both": &c.Both,
		turnCommands[0]: &c.Turn.Livekit, turnCommands[1]: &c.Turn.Daily}
	for name, cmd := range c.others {
		list[name] = cmd
	}
	return list
}

// ownCommands are the commands of platforms that have flags of their own. jobCommands are all commands that a job can
// be.
var (
	ownCommands = []string{livekit.Platform.Name, daily.Platform.Name, "both"}
	jobCommands = slices.Concat(ownCommands, turnCommands, slices.Sorted(maps.Keys(others())))
)

// platformCommands are the jobCommands that are named as platforms are: all but turnCommands.
func platformCommands() []string {
	return slices.DeleteFunc(slices.Clone(jobCommands),
		func(name string) bool { return slices.Contains(turnCommands, name) })
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
	for _, flag := range parsed.Flags() {
		if _, given := j.Values[flag.Name]; given && !flag.IsCumulative() {
			if err := j.One(flag.Name); err != nil {
				return nil, nil, nil, err
			}
		}
	}
	set.Talk = talk(a.stderr) // what there is to say of .env the command has said
	in := *a
	in.settings = set
	return parsed, &cmds, &in, nil
}

// checkJob finds out what is wrong with a job, as far as that shows without measuring. inSandbox says whether the job
// names no server, and so would measure the server inside this process.
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

// runJob carries out a job. What it writes for a person goes to stdout and stderr, and each run goes to took.
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

// fleetOrders reads what the places of a fleet are to do.
func fleetOrders() orders.Reader {
	return orders.Reader{Platforms: platform.All, Known: knownToJobs(), Job: fleetJob}
}

// fleetJob reads a job as its command would, from the job's own settings alone: neither the environment nor .env may
// change what a plan says.
func fleetJob(j jobs.Job) (job measure.Job, err error) {
	if err := j.Check(); err != nil {
		return job, err
	}
	set := settings.New(func(string) (string, bool) { return "", false }, "")
	var cmds commands
	parser := newParser(&cmds, set, io.Discard, io.Discard, func(int) {})
	line := commandline.Line{Sources: set, Platforms: jobCommands, Proposed: len(ownCommands)}
	if _, err := line.Parse(parser, j.Set("echo", "local").Args()); err != nil {
		return job, err
	}
	c := settings.Check{Sources: set}
	cmd, ok := cmds.measuring()[j.Command]
	if !ok || platform.All[j.Command].Lease == nil {
		return job, usagef("no seats of %s are leased", settings.Shown(j.Command, jobCommands...))
	}
	sides := cmd.sides(&c)
	limits := cmd.kept().LimitGroup
	limits.Check(&c)
	if c.Err != nil {
		return job, c.Err
	}
	job = sides[0].job
	job.Asked = limits.Limits().Asked()
	return job, nil
}
