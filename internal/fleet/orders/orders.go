// Package orders reads a fleet file. It separates what runners are told from what the hub keeps to itself.
package orders

import (
	"maps"
	"net/url"
	"slices"
	"strings"

	"rtcbench/bench"
	"rtcbench/internal/fleet"
	"rtcbench/internal/fleet/hub"
	"rtcbench/internal/jobs"
	"rtcbench/internal/measure"
	"rtcbench/internal/platform/daily"
	"rtcbench/internal/settings"
)

// Reader reads the jobs of a fleet file as the command line reads the flags of a command.
type Reader struct {
	Platforms map[string]bench.Platform
	Known     jobs.Known
	Job       func(jobs.Job) (measure.Job, error) // makes a measurement of the job's settings alone
}

// File reads the fleet file at path.
func (r Reader) File(path string) (o hub.Orders, err error) {
	s, err := SourceOf(path)
	if err != nil {
		return o, err
	}
	return r.Source(s)
}

// SourceOf is the text of the fleet file at path.
func SourceOf(path string) (s hub.Source, err error) {
	data, err := settings.ReadFile(path)
	if err != nil {
		return s, settings.Usagef("read the configuration: %w (docs/fleet.md shows one)", err)
	}
	return hub.Source{Name: path, Text: string(data)}, nil
}

// Source reads the orders of a fleet from s.
func (r Reader) Source(s hub.Source) (o hub.Orders, err error) {
	known := r.Known
	known.Commands = slices.DeleteFunc(slices.Clone(known.Commands), func(name string) bool {
		return r.Platforms[name].Lease == nil
	})
	file, err := jobs.ReadFleet(s.Name, []byte(s.Text), known)
	if err != nil {
		return o, err
	}
	o.Source = s
	o.Every, o.Jitter = file.Plan.Every, file.Plan.Jitter
	for _, j := range file.Jobs {
		order, err := r.order(j)
		if err != nil {
			return o, settings.Usagef("job %s: %w", settings.ShownName(j.Name), err)
		}
		o.Jobs = append(o.Jobs, order)
	}
	return o, nil
}

// order divides a job: into the part that runners are told, and the part that the hub keeps.
func (r Reader) order(j jobs.Job) (o hub.Order, err error) {
	told, leases := map[string][]string{}, r.Platforms[j.Command].Lease
	for _, flag := range slices.Sorted(maps.Keys(j.Values)) {
		_, ours := leases.Keys[flag]
		switch {
		case (ours || slices.Contains(fleet.Settings, flag)) && j.One(flag) != nil:
			return o, j.One(flag)
		case flag == "server-url" && hasUser(j.Values[flag][0]):
			return o, settings.Usagef("%sserver-url has a user or a password in it, which every runner would be told",
				blamed(j.Places[flag]))
		case ours:
		case slices.Contains(fleet.Settings, flag):
			told[flag] = j.Values[flag]
		default:
			return o, settings.Usagef("%s%s is no setting of a fleet's job: a runner takes from a hub what is "+
				"measured, and nothing of its own machine", blamed(j.Places[flag]), settings.ShownName(flag))
		}
	}
	echo := ""
	if given := j.Values["echo"]; len(given) > 0 {
		if echo, err = fleet.EchoOf(given[0]); err != nil {
			return o, settings.Usagef("%secho %s: must be %w", blamed(j.Places["echo"]),
				settings.Shown(given[0], "place", "remote", "auto"), err)
		}
	}
	delete(told, "echo") // the job has a field for it
	job, err := r.Job(j)
	if lacks := lacking(j, leases.Keys); err != nil && len(lacks) > 0 {
		return o, settings.Usagef("it has no %s: give it in the job or in platforms; it stays at the hub",
			strings.Join(lacks, " and no "))
	}
	if err != nil {
		return o, j.Blame(err)
	}
	if job.Here {
		return o, settings.Usagef("it names no server: give server-url, api-key and api-secret, in the job or in " +
			"platforms")
	}
	return hub.Order{Place: job.Place, Lease: leases, Class: job.Plan.Class, Plan: job.Plan,
		Job: fleet.Job{Name: j.Name, Platform: j.Command, Settings: told, Where: j.Where, Aligned: j.Aligned,
			Echo:    echo,
			Longest: measure.Longest(job.Plan) + job.Within}}, nil
}

// lacking are the keys that a job needs and has not.
func lacking(j jobs.Job, keys map[string]string) (list []string) {
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if _, ok := j.Values[key]; !ok && keys[key] != "" {
			list = append(list, key)
		}
	}
	return list
}

// hasUser reports whether a URL has a user or a password.
func hasUser(text string) bool {
	u, err := url.Parse(strings.TrimSpace(text))
	return err == nil && u.User != nil
}

// blamed is the place of a wrong setting, as the beginning of an error.
func blamed(place string) string {
	if place == "" {
		return ""
	}
	return place + ": "
}

// At is Prepare at a runner whose pages load Daily's code from bundle; "" = from Daily.
func (r Reader) At(bundle string) func(fleet.Job) (measure.Job, error) {
	return func(j fleet.Job) (measure.Job, error) {
		m, err := r.Prepare(j)
		if j.Platform == daily.Platform.Name {
			m.Place.Bundle = bundle
		}
		return m, err
	}
}

// Prepare turns a job of a plan into a measurement at a runner. The runner needs no keys of the platform: the hub has
// them.
func (r Reader) Prepare(j fleet.Job) (measure.Job, error) {
	own := jobs.Job{Name: j.Name, Command: j.Platform, Values: j.Settings}
	if leases := r.Platforms[j.Platform].Lease; leases != nil {
		for key, stands := range leases.Keys {
			if stands != "" {
				own = own.Set(key, stands)
			}
		}
	}
	return r.Job(own)
}
