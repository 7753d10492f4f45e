package jobs

import (
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"rtcbench/internal/settings"
)

// ReadFleet reads the file of a fleet, which errors call name: that of rtcbench run, with platforms, which give their
// jobs settings that neither these nor the defaults have, and with where and aligned.
func ReadFleet(name string, data []byte, may Known) (File, error) {
	f := reader{path: name, Known: may, fleet: true, platforms: map[string]*yaml.Node{}}
	c := f.read(data)
	return c, f.err
}

func (f *reader) unknown(key *yaml.Node) {
	if f.fleet {
		f.fail(key, "%s is not known here; every, jitter, defaults, platforms and jobs are", f.name(key))
		return
	}
	f.fail(key, "%s is not known here; every, jitter, defaults and jobs are", f.name(key))
}

// perPlatform reads the settings of platforms, which are looked at once it is known who has them.
func (f *reader) perPlatform(key, value *yaml.Node) {
	if !f.fleet {
		f.unknown(key)
		return
	}
	f.eachKey(value, func(key, value *yaml.Node) {
		if name := meant(key).Value; !slices.Contains(f.Commands, name) {
			f.fail(key, "platform %s: must be %s", settings.Shown(name, f.Commands...), strings.Join(f.Commands, ", "))
		}
		f.platforms[meant(key).Value] = value
	})
}

// fleetKeys are the keys of a job that only fleets have. As every setting, they may stand in defaults and in platforms.
var fleetKeys = []string{"where", "aligned"}

// ofPlatform is j with what its platform's settings have and j has not.
func (f *reader) ofPlatform(n *yaml.Node, j Job) Job {
	of := Job{Values: map[string][]string{}, Places: map[string]string{}}
	f.settings(n, &of)
	for key, place := range of.Places {
		if _, ok := j.Places[key]; ok {
			continue
		}
		j.Places[key] = place
		switch key {
		case "where":
			j.Where = of.Where
		case "aligned":
			j.Aligned = of.Aligned
		default:
			j.Values[key] = of.Values[key]
		}
	}
	return j
}

// fleetKey reads a key of a job that only fleets have.
func (f *reader) fleetKey(key, value *yaml.Node, j *Job) {
	if !f.fleet {
		f.fail(key, "%s is of the jobs of a fleet: see rtcbench hub", f.name(key))
		return
	}
	j.Places[meant(key).Value] = f.place(key)
	value = meant(value)
	if meant(key).Value == "aligned" {
		aligned, err := strconv.ParseBool(value.Value)
		if err != nil {
			f.fail(value, "aligned has to be true or false")
		}
		j.Aligned = aligned
		return
	}
	j.Where = map[string][]string{}
	f.eachKey(value, func(key, value *yaml.Node) {
		list := []*yaml.Node{meant(value)}
		if list[0].Kind == yaml.SequenceNode {
			list = list[0].Content
		}
		if len(list) == 0 { // it would choose no place, or all of them
			f.fail(key, "a label has to have a value, or a list of values, as region: [eu, us]")
		}
		for _, v := range list {
			if v = meant(v); v.Kind != yaml.ScalarNode || v.Value == "" {
				f.fail(v, "a label has to have a value, or a list of values, as region: [eu, us]")
			}
			j.Where[meant(key).Value] = append(j.Where[meant(key).Value], v.Value)
		}
	})
}
