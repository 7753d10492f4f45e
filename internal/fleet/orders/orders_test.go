package orders

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/fleet/hub"
	"rtcbench/internal/jobs"
	"rtcbench/internal/measure"
	"rtcbench/internal/platform/daily"
	"rtcbench/internal/platform/livekit"
)

// reader reads jobs as a command would that takes what is said for granted.
var reader = Reader{
	Platforms: map[string]bench.Platform{"daily": daily.Platform, "livekit": livekit.Platform},
	Known: jobs.Known{Commands: []string{"livekit", "daily"}, Getenv: func(string) string { return "" },
		Settings: func() []string {
			return []string{"server-url", "api-key", "api-secret", "iterations", "echo", "output", "store"}
		}},
	Job: func(j jobs.Job) (measure.Job, error) {
		first := func(name string) string { return strings.Join(j.Values[name], "") }
		return measure.Job{Platform: j.Command, Within: 30 * time.Second, Here: first("server-url") == "",
			Plan:  bench.Plan{Count: 10, Cooldown: time.Second, Timeout: time.Second},
			Place: bench.Place{URL: first("server-url"), Key: first("api-key"), Secret: first("api-secret")}}, nil
	},
}

// TestNoKeyLeavesTheHub: what runners are told has the settings of a job, and neither a key nor a secret; the hub keeps
// both. A runner reads the job all the same.
func TestNoKeyLeavesTheHub(t *testing.T) {
	o, err := reader.Source(hub.Source{Name: "fleet.yaml", Text: `
every: 5m
platforms:
  livekit: {server-url: wss://example.com, api-key: the-key, api-secret: the-secret}
jobs:
  - {name: a, platform: livekit, iterations: 10, where: {region: eu}}
`})
	if err != nil || len(o.Jobs) != 1 {
		t.Fatal(o, err)
	}
	told, err := json.Marshal(o.Jobs[0].Job)
	if err != nil || strings.Contains(string(told), "the-") || !strings.Contains(string(told), "wss://example.com") {
		t.Errorf("runners are told %s, %v", told, err)
	}
	if p := o.Jobs[0].Place; p.Key != "the-key" || p.Secret != "the-secret" {
		t.Errorf("the hub keeps %+v", p)
	}
	if longest := o.Jobs[0].Longest; longest < 40*time.Second { // ten slots, and the time to join
		t.Errorf("the job may take %v", longest)
	}
	m, err := reader.Prepare(o.Jobs[0].Job)
	if err != nil || m.Place.Key == "" || m.Place.Key == "the-key" {
		t.Errorf("a runner reads %+v, %v", m.Place, err)
	}
}

// TestWhatJobsHaveInCommon: where and aligned may stand in defaults and in platforms as settings do; a job's own are
// stronger than those of defaults, and these than those of its platform.
func TestWhatJobsHaveInCommon(t *testing.T) {
	o, err := reader.Source(hub.Source{Name: "fleet.yaml", Text: `
platforms: {livekit: {server-url: wss://example.com, api-key: k, api-secret: s, where: {region: us}, aligned: true}}
defaults: {where: {region: eu}}
jobs:
  - {name: a, platform: livekit}
  - {name: b, platform: livekit, where: {region: [uk]}, aligned: false}
  - {name: everywhere, platform: livekit, where: {}}
`})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"map[region:[eu]] true", "map[region:[uk]] false", "map[] true"} {
		if j := o.Jobs[i]; fmt.Sprint(j.Where, j.Aligned) != want {
			t.Errorf("job %s: %v %v, want %s", j.Name, j.Where, j.Aligned, want)
		}
	}
}

// TestAMissingKey: a job whose key is missing is told which one, and where it may stand: a fleet has no flags and no
// variables for it. A platform that there is not is told by its line.
func TestAMissingKey(t *testing.T) {
	picky := reader
	picky.Job = func(jobs.Job) (measure.Job, error) { return measure.Job{}, errors.New("give --token") }
	_, err := picky.Source(hub.Source{Name: "f", Text: "jobs: [{platform: livekit, server-url: wss://example.com}]"})
	if err == nil || !strings.Contains(err.Error(), "it has no api-key and no api-secret: give it in the job") {
		t.Error(err)
	}
	_, err = reader.Source(hub.Source{Name: "f", Text: "jobs: [{platform: livekit}]\nplatforms: {livkit: {}}"})
	if err == nil || !strings.Contains(err.Error(), `f line 2: platform "livkit": must be livekit, daily`) {
		t.Error(err)
	}
}

// TestWhatAFleetMayNotAsk: a hub never tells a runner what to do with its own machine, and a mistake is named by its
// line.
func TestWhatAFleetMayNotAsk(t *testing.T) {
	const server = "server-url: wss://example.com, api-key: k, api-secret: s"
	for job, want := range map[string]string{
		"{platform: livekit, " + server + ", output: /etc/passwd}": `"output" is no setting of a fleet's job`,
		"{platform: livekit, " + server + ", store: none}":         `"store" is no setting of a fleet's job`,
		"{platform: livekit, " + server + ", echo: remote}":        "must be local, mesh, or place:NAME",
		"{platform: livekit, " + server + ", echo: [mesh, local]}": "echo has 2 values, and takes one",

		"{platform: livekit, server-url: 'wss://u:hush@x', api-key: k, api-secret: s}": "server-url has a user",
		"{platform: livekit, " + server + ", where: {region: []}}":                     "a label has to have a value",
		"{platform: livekit}": "it names no server",
		"{platform: daily}":   "it names no server",
		"{platform: zoom}":    "platform",
	} {
		_, err := reader.Source(hub.Source{Name: "fleet.yaml", Text: "every: 5m\njobs:\n  - " + job + "\n"})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", job, err, want)
		}
		if err != nil && !strings.Contains(want, "server") && !strings.Contains(err.Error(), "line 3") {
			t.Errorf("%s: no line in %v", job, err)
		}
	}
}
