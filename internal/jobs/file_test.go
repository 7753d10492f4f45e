package jobs

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// testKnown is what a command line would know.
var testKnown = Known{
	Commands: []string{"livekit", "daily", "both"},
	Settings: func() []string { return []string{"iterations", "location", "room", "store", "warmup", "cooldown"} },
	Getenv:   func(string) string { return "" },
}

func configOf(t *testing.T, text string) (File, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "c.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Read(path, testKnown)
	if err != nil {
		err = fmt.Errorf("%s", strings.ReplaceAll(err.Error(), path, "c.yaml"))
	}
	return c, err
}

// Anchors, aliases and merge keys are those of YAML, wherever they stand.
func TestYAMLMerges(t *testing.T) {
	c, err := configOf(t, `
every: &e 5m
jitter: 30s
defaults: &all {iterations: 3, location: &l fra, store: &s [sqlite, none]}
jobs:
  - name: a
    platform: &p livekit
    <<: *all
    location: x
  - {name: b, platform: *p, <<: [{warmup: 7, iterations: 4}, *all, {warmup: 8}], room: *l, store: [*l, *p]}
  - &c {<<: {<<: *all, cooldown: 20}, name: c, platform: daily}
  - {<<: *c, name: d}
`)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{
		"livekit --iterations=3 --location=x --store=sqlite --store=none",
		"livekit --iterations=4 --location=fra --room=fra --store=fra --store=livekit --warmup=7",
		"daily --cooldown=20 --iterations=3 --location=fra --store=sqlite --store=none",
		"daily --cooldown=20 --iterations=3 --location=fra --store=sqlite --store=none",
	} {
		if got := strings.Join(c.Jobs[i].Args(), " "); got != want {
			t.Errorf("job %s: %s, want %s", c.Jobs[i].Name, got, want)
		}
	}
}

// One line that names the place; nothing of what may be a secret is in it.
func TestYAMLErrors(t *testing.T) {
	const secret = "xMnOqa0W8oCkJcfbPZ3rXUmhVeTqKyLdRfGsBnAoIzE"
	for text, want := range map[string]string{
		"jobs:\n  - platform: livekit\n    <<: 5\n": "c.yaml line 3: settings of " +
			"the form NAME: VALUE",
		"a: &a {<<: *a}\njobs: [{platform: livekit, <<: *a}]\n": "c.yaml line 1: ",
		"jobs:\n  - platform: livekit\n    room: x\n    room: y\n": "c.yaml line 4: room stands " +
			"here twice",
		"jobs:\n  - platform: livekit\n    " + secret + ": x\n    " + secret + ": x\n": "c.yaml line 4: (43 " +
			"characters, not shown",
		secret + ": x\njobs: [{platform: livekit}]\n":          "c.yaml line 1: (43 characters, not shown",
		"every: " + secret + "\njobs: [{platform: livekit}]\n": "c.yaml line 1: (43 characters, not shown",
		"jobs: [{platform: " + secret + "}]\n": "c.yaml line 1: platform (43 " +
			"characters, not shown",
		"jobs: [{platform: livekit, " + secret + ": [{}]}]\n":      "c.yaml line 1: (43 characters, not shown",
		"jobs: [{platform: livekit, room: *" + secret + "}]\n":     "c.yaml: unknown anchor (not shown)",
		"jobs: [{platform: livekit, room: ${" + secret + "}}]\n":   "c.yaml",
		"jobs: [{platform: livekit, room: '${" + secret + "}'}]\n": "c.yaml line 1: room: (43 characters, not shown",
		"jobs: [{platform: livekit, room: '${RTCBENCH_NOT_SET}'}]\n": "c.yaml line 1: room: RTCBENCH_NOT_SET is not " +
			"set in the environment",
		"jobs: [{platform: [livekit]}]\n": "c.yaml line 1: platform has to be a word",
		"jobs: [{platform: livekit, name: \"a\\0b\"}]\n": "c.yaml line 1: name has to be a word on one line, without " +
			"control characters",
		"jobs: [{platform: livekit, ? {a: b} : c}]\n": "c.yaml line 1: the name of a setting has to be a word",
		secret:                     "c.yaml line 1: settings of the form NAME: VALUE",
		"- " + secret + "\n\tx: '": "c.yaml",
	} {
		_, err := configOf(t, text)
		if got := fmt.Sprint(err); err == nil || !strings.HasPrefix(got, want) || strings.Contains(got, secret) ||
			strings.Contains(got, "\n") {
			t.Errorf("%q:\n%v\nwant %s", text, err, want)
		}
	}
}

func FuzzConfig(f *testing.F) {
	f.Add([]byte("every: 5m\ndefaults: &a {iterations: 3}\njobs: [{platform: livekit, <<: [*a, {<<: *a}], room: " +
		"\"${X}\"}]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		f := reader{path: "c.yaml", Known: testKnown}
		if c := f.read(data); f.err == nil && len(c.Jobs) == 0 {
			t.Fatal("no job and no error")
		}
	})
}
