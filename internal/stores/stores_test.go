package stores

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rtcbench/internal/settings"
)

// setup is what flags say in an environment of these variables.
func setup(f Flags, variables map[string]string) Setup {
	f.OutboxMax = "256"
	return Setup{Flags: f, Environment: func(name string) (string, bool) { v, ok := variables[name]; return v, ok }}
}

func check() *settings.Check {
	return &settings.Check{Sources: settings.New(func(string) (string, bool) { return "", false }, "")}
}

// TestWhichStoresAreOn: whoever names stores gets those and no others, in that order and each once; whoever names none
// gets the file of this machine and what is configured.
func TestWhichStoresAreOn(t *testing.T) {
	dir := t.TempDir()
	influx := influxFlags{InfluxURL: "http://127.0.0.1:8086"}
	lambda := map[string]string{"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9001"}
	with := func(f Flags, stores ...string) Flags { f.DataDir, f.Store = dir, stores; return f }
	own, two := Flags{}, Flags{influxFlags: influx}
	for name, c := range map[string]struct {
		flags     Flags
		variables map[string]string
		want      []string // how each name begins
		fault     string
	}{
		"nothing said":         {with(own), nil, []string{"sqlite:" + dir + "/runs.db"}, ""},
		"one configured":       {with(two), nil, []string{"sqlite:", "influxdb:"}, ""},
		"the list is whole":    {with(two, "sqlite"), nil, []string{"sqlite:"}, ""},
		"named twice":          {with(own, "sqlite", " sqlite "), nil, []string{"sqlite:"}, ""},
		"in their order":       {with(two, "influxdb", "sqlite"), nil, []string{"influxdb:", "sqlite:"}, ""},
		"none":                 {with(two, "none"), nil, nil, ""},
		"none and one":         {with(own, "none", "sqlite"), nil, nil, "none alone"},
		"a disk that ends":     {with(own), lambda, nil, ""},
		"not known":            {with(own, "mysql"), nil, nil, "influxdb, postgres://…, sqlite, timestream"},
		"not configured":       {with(own, "influxdb"), nil, nil, "InfluxDB needs a URL"},
		"a folder":             {with(own, "sqlite:"+dir), nil, nil, "that is a folder"},
		"another of that name": {with(two, "influxdb:elsewhere"), nil, nil, "influxdb alone"},
	} {
		k := check()
		list := setup(c.flags, c.variables).Targets(k)
		if c.fault != "" {
			if k.Err == nil || !strings.Contains(k.Err.Error(), c.fault) {
				t.Errorf("%s: %v, want %q", name, k.Err, c.fault)
			}
			continue
		}
		if k.Err != nil || len(list) != len(c.want) {
			t.Errorf("%s: %d stores, %v; want %q", name, len(list), k.Err, c.want)
			continue
		}
		for i, target := range list {
			if !strings.HasPrefix(target.Name, c.want[i]) {
				t.Errorf("%s: store %d is %s, want %s…", name, i+1, target.Name, c.want[i])
			}
		}
	}
}

// TestNoFolderForData: a run that waits needs a place. Beside a file it has one; where there is none, whoever keeps
// runs hears of it before anything is measured, and whoever keeps none does not.
func TestNoFolderForData(t *testing.T) {
	home := map[string]string{"HOME": "/nowhere/at/all"}
	file := filepath.Join(t.TempDir(), "mine.db")
	k := check()
	s := setup(Flags{Store: []string{"sqlite:" + file}}, home).Stores(k)
	if k.Err != nil || s.Box.Dir() != file+".outbox" {
		t.Errorf("beside a file: %s, %v", s.Box.Dir(), k.Err)
	}
	k = check()
	elsewhere := influxFlags{InfluxURL: "http://127.0.0.1:1"}
	setup(Flags{Store: []string{"influxdb"}, influxFlags: elsewhere}, home).Stores(k)
	if !errors.As(k.Err, new(*NoFolder)) {
		t.Errorf("a store elsewhere: %v", k.Err)
	}
	k = check()
	if setup(Flags{Store: []string{"none"}}, home).Stores(k); k.Err != nil {
		t.Errorf("none: %v", k.Err)
	}
}

// TestReadingMakesNoStore: who looks for runs leaves no empty database behind.
func TestReadingMakesNoStore(t *testing.T) {
	file := filepath.Join(t.TempDir(), "none.db")
	target, err := setup(Flags{Store: []string{"sqlite:" + file}}, nil).First(check())
	if err != nil {
		t.Fatal(err)
	}
	s, err := target.Read(t.Context())
	if s != nil || err == nil {
		t.Errorf("a store that is not there: %v, %v", s, err)
	}
	if _, err := os.Stat(file); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it is there now: %v", err)
	}
	if _, err := setup(Flags{Store: []string{"none"}}, nil).First(check()); !errors.Is(err, ErrNone) {
		t.Errorf("none: %v", err)
	}
}

// TestNoSecretInAStoresName: where a token stands in the place of a store's name, nobody is shown it.
func TestNoSecretInAStoresName(t *testing.T) {
	const secret = "hunter2-hunter2-hunter2-XYZ"
	for _, text := range []string{secret, "sqlite:" + secret + "?x", "postgres://u:" + secret + "@h/d"} {
		if shown := Shown(text); strings.Contains(shown, secret) && !strings.HasPrefix(text, "sqlite:") {
			t.Errorf("%q is shown as %s", text, shown)
		}
	}
	k := check()
	setup(Flags{DataDir: t.TempDir(), Store: []string{"postgres://u:" + secret + "@h:port/d"}}, nil).Targets(k)
	if k.Err == nil || strings.Contains(k.Err.Error(), secret) {
		t.Errorf("%v", k.Err)
	}
	if !slices.IsSorted(names()) {
		t.Errorf("the kinds are listed as %q", names())
	}
}
