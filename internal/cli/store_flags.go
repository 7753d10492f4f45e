package cli

import (
	"errors"
	"os"

	"rtcbench/bench"
	"rtcbench/internal/archive"
	"rtcbench/internal/commandline/hints"
	"rtcbench/internal/environment"
	"rtcbench/internal/keep"
	"rtcbench/internal/live"
	"rtcbench/internal/measure"
	"rtcbench/internal/outbox"
	"rtcbench/internal/settings"
	"rtcbench/internal/stores"
)

// ours is the environment of this process, for the rooms below, which read none by themselves.
var ours environment.Environment = os.LookupEnv

// storeFlags say where runs are kept.
type storeFlags struct{ stores.Flags }

// words are what stores call their settings, and the commands that help.
var words = bench.Words{
	Init: "rtcbench store init", Export: "rtcbench export --store", URL: "--influxdb-url",
	Token: "--influxdb-token, INFLUXDB_TOKEN",
	Names: "--influxdb-org and --influxdb-url", Since: "--since",
}

func (f storeFlags) setup() stores.Setup {
	return stores.Setup{Flags: f.Flags, Environment: ours, Words: words}
}

// stores reads the flags. It opens nothing.
func (f storeFlags) stores(c *settings.Check) keep.Stores {
	list := f.setup().Stores(c)
	c.Err = hints.For(c.Err)
	return list
}

// folder is the folder for data of a command that has --data-dir alone.
func folder(dir string, c *settings.Check) string {
	path := stores.Setup{Flags: stores.Flags{DataDir: dir}, Environment: ours}.DataFolder(c)
	c.Err = hints.For(c.Err)
	return path
}

// targets are the stores that are on.
func (f storeFlags) targets(c *settings.Check) []outbox.Target {
	list := f.setup().Targets(c)
	c.Err = hints.For(c.Err)
	return list
}

// watched tells the page of rtcbench ui of the pings, where one shows the same folder.
func (f storeFlags) watched() measure.Watcher {
	c := &settings.Check{}
	dir := folder(f.DataDir, c)
	if c.Err != nil {
		return nil
	}
	return measure.Live("", func() live.Wire { return live.NewHere(dir) })
}

// openForReading opens the first store of the flags, for history, export and compare. Close it.
func (a *app) openForReading(f storeFlags) (bench.Store, error) {
	t, err := f.setup().First(&settings.Check{Sources: a.settings})
	if errors.Is(err, stores.ErrNone) {
		return nil, usagef("--store none: there is nothing to read")
	}
	if err != nil {
		return nil, hints.For(err)
	}
	return a.openToRead(t)
}

// openToRead opens a store and makes none.
func (a *app) openToRead(t outbox.Target) (bench.Store, error) {
	s, err := archive.Open(a.ctx, t)
	if err != nil {
		return nil, hints.For(err)
	}
	return s, nil
}
