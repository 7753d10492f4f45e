package cli

import (
	"io"
	"maps"
	"slices"

	"rtcbench/internal/commandline"
	"rtcbench/internal/fleet"
	"rtcbench/internal/fleet/hub"
	"rtcbench/internal/jobs"
	"rtcbench/internal/measure"
	"rtcbench/internal/platform"
	"rtcbench/internal/settings"
)

// onlyHub are settings of a fleet's job that no runner is given: the hub makes seats with them.
var onlyHub = []string{"api-key", "api-secret"}

// readOrders reads the file of a fleet.
func readOrders(path string) (o hub.Orders, err error) {
	known := knownToJobs()
	known.Commands = slices.DeleteFunc(slices.Clone(known.Commands), func(name string) bool {
		return platform.All[name].Lease == nil
	})
	file, err := jobs.ReadFleet(path, known)
	if err != nil {
		return o, err
	}
	o.Every, o.Jitter = file.Plan.Every, file.Plan.Jitter
	for _, j := range file.Jobs {
		order, err := orderOf(j)
		if err != nil {
			return o, usagef("job %s: %w", settings.ShownName(j.Name), err)
		}
		o.Jobs = append(o.Jobs, order)
	}
	return o, nil
}

// orderOf splits a job into what runners are told and what the hub keeps.
func orderOf(j jobs.Job) (o hub.Order, err error) {
	told := jobs.Job{Name: j.Name, Command: j.Command, Values: map[string][]string{}, Places: j.Places}
	for _, flag := range slices.Sorted(maps.Keys(j.Values)) {
		switch {
		case slices.Contains(onlyHub, flag):
		case slices.Contains(fleet.Settings, flag):
			told.Values[flag] = j.Values[flag]
		default:
			return o, usagef("%s%s is no setting of a fleet's job: a runner takes from a hub what is measured, and "+
				"nothing of its own machine", blamed(j.Places[flag]), settings.ShownName(flag))
		}
	}
	if echo := j.Values["echo"]; len(echo) > 0 && echo[0] != "local" {
		return o, usagef("%secho %s: each place answers itself (local) for now", blamed(j.Places["echo"]),
			settings.Shown(echo[0], "place", "mesh", "remote", "auto"))
	}
	job, err := fleetJob(j)
	if err != nil {
		return o, j.Blame(err)
	}
	if job.Here {
		return o, usagef("it names no server: give server-url, api-key and api-secret, in the job or in platforms")
	}
	longest := measure.Longest(job.Plan) + job.Within
	return hub.Order{Place: job.Place, Lease: platform.All[j.Command].Lease,
		Class: job.Plan.Class, Job: fleet.Job{Name: j.Name,
			Platform: j.Command, Settings: told.Values, Where: j.Where, Aligned: j.Aligned, Longest: longest}}, nil
}

func blamed(place string) string {
	if place == "" {
		return ""
	}
	return place + ": "
}

// prepare reads a job of a plan at a runner. What makes seats there stands at the hub.
func prepare(j fleet.Job) (measure.Job, error) {
	own := jobs.Job{Name: j.Name, Command: j.Platform, Values: j.Settings}
	return fleetJob(own.Set("api-key", "leased").Set("api-secret", "leased"))
}

// fleetJob reads a job as its command would, from its settings alone: no environment and no .env has a part in what a
// plan says.
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
	limits := cmd.kept().limitFlags
	limits.check(&c)
	if c.Err != nil {
		return job, c.Err
	}
	job = sides[0].job
	job.Asked = limits.limits().Asked()
	return job, nil
}
