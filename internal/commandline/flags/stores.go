package flags

import (
	"context"
	"errors"
	"sync"

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

// StoreGroup are the flags that say where runs are kept.
type StoreGroup struct{ stores.Flags }

// words are what stores call their settings, and the commands that help.
var words = bench.Words{
	Init: "rtcbench store init", Export: "rtcbench export --store", URL: "--influxdb-url",
	Token: "--influxdb-token, INFLUXDB_TOKEN",
	Names: "--influxdb-org and --influxdb-url", Since: "--since",
}

func (f StoreGroup) setup(env environment.Environment) stores.Setup {
	return stores.Setup{Flags: f.Flags, Environment: env, Words: words}
}

// Stores reads the flags. It opens nothing.
func (f StoreGroup) Stores(c *settings.Check, env environment.Environment) keep.Stores {
	list := f.setup(env).Stores(c)
	c.Err = hints.For(c.Err)
	return list
}

// Folder is the path of the folder for data, for a command that has --data-dir and no other flag of stores.
func Folder(dir string, c *settings.Check, env environment.Environment) string {
	path := stores.Setup{Flags: stores.Flags{DataDir: dir}, Environment: env}.DataFolder(c)
	c.Err = hints.For(c.Err)
	return path
}

// Targets are the stores that are on.
func (f StoreGroup) Targets(c *settings.Check, env environment.Environment) []outbox.Target {
	list := f.setup(env).Targets(c)
	c.Err = hints.For(c.Err)
	return list
}

// Watched is a Watcher that tells the page of rtcbench ui of the pings, where such a page shows the same folder.
func (f StoreGroup) Watched(env environment.Environment) measure.Watcher {
	c := &settings.Check{}
	dir := Folder(f.DataDir, c, env)
	if c.Err != nil {
		return nil
	}
	return measure.Live("", func() live.Wire { return live.NewHere(dir) })
}

// First opens the first store of the flags, for a command that reads. The caller closes it.
func (f StoreGroup) First(ctx context.Context, from *settings.Sources, env environment.Environment) (
	bench.Store, error) {
	t, err := f.setup(env).First(&settings.Check{Sources: from})
	if errors.Is(err, stores.ErrNone) {
		return nil, settings.Usagef("--store none: there is nothing to read")
	}
	if err != nil {
		return nil, hints.For(err)
	}
	return OpenToRead(ctx, t)
}

// Once is First for commands that may not need a store: open opens the store when it is called, and end closes what was
// opened.
func (f StoreGroup) Once(ctx context.Context, from *settings.Sources, env environment.Environment) (
	open func() (bench.Store, error), end func()) {
	var store bench.Store
	open = sync.OnceValues(func() (s bench.Store, err error) {
		store, err = f.First(ctx, from, env)
		return store, err
	})
	return open, func() {
		if store != nil {
			store.Close()
		}
	}
}

// OpenToRead opens a store that is there already; it makes none. The caller closes it.
func OpenToRead(ctx context.Context, t outbox.Target) (bench.Store, error) {
	s, err := archive.Open(ctx, t)
	if err != nil {
		return nil, hints.For(err)
	}
	return s, nil
}
