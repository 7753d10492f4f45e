package cli

import (
	"cmp"
	"context"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"rtcbench/bench"
	"rtcbench/internal/archive"
	"rtcbench/internal/outbox"
	"rtcbench/internal/settings"
	"rtcbench/internal/store/influx"
	"rtcbench/internal/store/sqlite"
	"rtcbench/internal/store/timestream"
)

// storeFlags say where runs are kept.
type storeFlags struct {
	Store     []string `from:"RTCBENCH_STORE" group:"store" placeholder:"STORE" help:"sqlite, sqlite:FILE, timestream, influxdb, or none; may be repeated, and is then the whole list. Without it: sqlite, and each of the others that is configured."`
	DataDir   string   `name:"data-dir" from:"RTCBENCH_DATA_DIR" group:"store" placeholder:"DIR" help:"Where the SQLite file and the outbox are." completion-predictor:"dir"`
	OutboxMax string   `name:"outbox-max" from:"RTCBENCH_OUTBOX_MAX" group:"store" default:"256" placeholder:"256" help:"Megabytes that runs may take which wait for a store."`
	tsFlags
	influxFlags
}

type tsFlags struct {
	TSDatabase string `name:"ts-database" from:"TIMESTREAM_DATABASE" group:"store" placeholder:"NAME" help:"Database in Amazon Timestream for LiveAnalytics."`
	TSTable    string `name:"ts-table" from:"TIMESTREAM_TABLE" group:"store" placeholder:"NAME" help:"Its table."`
	TSRegion   string `name:"ts-region" from:"RTCBENCH_TS_REGION,AWS_REGION" group:"store" default:"us-east-1" placeholder:"us-east-1" help:"Its region."`
}

type influxFlags struct {
	InfluxURL      string `name:"influxdb-url" from:"INFLUXDB_URL" group:"store" placeholder:"URL" help:"InfluxDB, also Amazon Timestream for InfluxDB, or VictoriaMetrics for writing."`
	InfluxToken    string `name:"influxdb-token" from:"INFLUXDB_TOKEN" group:"store" placeholder:"TOKEN" help:"Its token, or USER:PASSWORD."`
	InfluxOrg      string `name:"influxdb-org" from:"INFLUXDB_ORG" group:"store" placeholder:"NAME" help:"Its organisation (default: default, as the original has it; only version 2 asks)."`
	InfluxDatabase string `name:"influxdb-database" from:"INFLUXDB_DATABASE" group:"store" placeholder:"NAME" help:"Its database or bucket (default: voice-rtc-benchmarks, as the original has it)."`
}

// storeKinds are the stores by what --store calls them. configured reports whether the settings turn one on by
// themselves.
var storeKinds = map[string]struct {
	configured func(f storeFlags) bool
	target     func(f storeFlags, c *settings.Check, arg string) outbox.Target
}{
	"sqlite": {
		func(storeFlags) bool { return os.Getenv("AWS_LAMBDA_RUNTIME_API") == "" }, // a function's disk does not last
		storeFlags.sqlite,
	},
	"timestream": {
		func(f storeFlags) bool { return f.TSDatabase != "" || f.TSTable != "" },
		storeFlags.timestream,
	},
	"influxdb": {
		func(f storeFlags) bool { return f.InfluxURL != "" },
		storeFlags.influxdb,
	},
}

// keeper reads the flags. It opens nothing.
func (f storeFlags) keeper(c *settings.Check) keeper {
	k := keeper{Targets: f.targets(c)}
	limit := int64(c.Number("outbox-max", f.OutboxMax, 1, 1<<20)) << 20
	k.Box = outbox.Open(f.box(c, k.Targets), limit)
	return k
}

// box is where runs wait for targets: in the folder for data, and where there is none beside the first store that is a
// file, which has a place on this machine.
func (f storeFlags) box(c *settings.Check, targets []outbox.Target) string {
	alone := settings.Check{Sources: c.Sources}
	dir := f.dataDir(&alone)
	if alone.Err != nil {
		for _, t := range targets {
			if t.File != "" {
				return t.File + ".outbox"
			}
		}
		if len(targets) > 0 && c.Err == nil { // else nothing ever waits, and nobody misses the folder
			c.Err = alone.Err
		}
	}
	return filepath.Join(dir, "outbox")
}

// targets are the stores that are on. A command that reads or looks after them alone needs no folder for data.
func (f storeFlags) targets(c *settings.Check) (list []outbox.Target) {
	for _, choice := range f.choices(c) {
		kind, arg, _ := strings.Cut(choice, ":")
		if known, ok := storeKinds[kind]; ok {
			t := known.target(f, c, arg)
			if kind != "sqlite" && arg != "" && choice != t.Name && (t.Like == nil || t.Like(choice) != bench.Same) {
				c.Fail("store", choice, kind+" alone: its other settings say which, and that is "+t.Name)
			}
			if !slices.ContainsFunc(list, func(o outbox.Target) bool { return o.Name == t.Name }) {
				list = append(list, t)
			}
		} else {
			c.Fail("store", choice, strings.Join(slices.Sorted(maps.Keys(storeKinds)), ", ")+", sqlite:FILE or none")
		}
	}
	return list
}

func (f storeFlags) choices(c *settings.Check) []string {
	var list []string
	for _, choice := range f.Store {
		if choice = strings.TrimSpace(choice); choice != "" {
			list = append(list, choice)
		}
	}
	switch {
	case slices.Contains(list, "none") && len(list) > 1:
		c.FailAs("store", `"none,…"`, "none alone, or a list of stores")
		return nil
	case slices.Contains(list, "none"):
		return nil
	case len(list) > 0:
		return list
	}
	for _, kind := range slices.Sorted(maps.Keys(storeKinds)) {
		if storeKinds[kind].configured(f) {
			list = append(list, kind)
		}
	}
	slices.SortStableFunc(list, func(a, b string) int { // what needs no network is read and written first
		switch {
		case a == "sqlite":
			return -1
		case b == "sqlite":
			return 1
		}
		return 0
	})
	return list
}

// dataDir is the folder for data.
func (f storeFlags) dataDir(c *settings.Check) string {
	if f.DataDir != "" {
		return f.DataDir
	}
	dir, err := settings.DataFolder()
	if err != nil && c.Err == nil {
		c.Err = usagef("there is no folder for data here (%w): name one with --data-dir, or keep nothing with "+
			"--store none", err)
	}
	return dir
}

// words are what stores call their settings, and the commands that help.
var words = bench.Words{
	Init: "rtcbench store init", Export: "rtcbench export --store", URL: "--influxdb-url",
	Token: "--influxdb-token, INFLUXDB_TOKEN",
	Names: "--influxdb-org and --influxdb-url", Since: "--since",
}

func (f storeFlags) sqlite(c *settings.Check, path string) outbox.Target {
	o := sqlite.Options{Own: path == "", Say: c.Sources.Say, Words: words}
	if path == "" {
		path = filepath.Join(f.dataDir(c), "runs.db")
	}
	if full, err := filepath.Abs(path); err == nil {
		path = full
	}
	switch info, err := os.Stat(path); {
	case err != nil:
	case info.IsDir():
		c.FailAs("store", settings.ShownName("sqlite:"+path), "a file, and that is a folder")
	case !info.Mode().IsRegular(): // a pipe would keep its reader waiting
		c.FailAs("store", settings.ShownName("sqlite:"+path), "a file, and that is a pipe, a socket or a device")
	}
	return outbox.Target{
		Name: sqlite.Name(path), File: path, Like: func(name string) bench.Likeness { return sqlite.Like(path, name) },
		Open: opener(func(ctx context.Context) (*sqlite.Store, error) { return o.Open(ctx, path) }),
		Read: opener(func(ctx context.Context) (*sqlite.Store, error) { return o.OpenToRead(ctx, path) }),
	}
}

func (f storeFlags) timestream(c *settings.Check, _ string) outbox.Target {
	if (f.TSDatabase == "" || f.TSTable == "") && c.Err == nil {
		c.Err = usagef("Timestream needs a database and a table: give --ts-database and --ts-table " +
			"(TIMESTREAM_DATABASE, TIMESTREAM_TABLE)")
	}
	o := timestream.Options{Database: f.TSDatabase, Table: f.TSTable, Region: f.TSRegion, Words: words}
	if err := o.Check(); err != nil && c.Err == nil {
		c.Err = usagef("%w (--ts-database, --ts-table)", err)
	}
	return outbox.Target{Name: o.Name(), Open: opener(func(ctx context.Context) (*timestream.Store, error) {
		return timestream.New(ctx, o)
	})}
}

func (f storeFlags) influxdb(c *settings.Check, _ string) outbox.Target {
	if f.InfluxURL == "" && c.Err == nil {
		c.Err = usagef("InfluxDB needs a URL: give --influxdb-url (INFLUXDB_URL)")
	}
	o := influx.Options{URL: c.ServerURL("influxdb-url", f.InfluxURL, "https", "http"), Token: f.InfluxToken,
		Words: words}
	// the original's settings leave these out
	o.Org, o.Database = f.InfluxOrg, cmp.Or(f.InfluxDatabase, "voice-rtc-benchmarks")
	if strings.ContainsFunc(strings.TrimSpace(o.Token), unicode.IsControl) {
		c.FailAs("influxdb-token", "(not shown)", "a token without line breaks or other control characters")
	}
	if u, err := url.Parse(o.URL); err == nil && u.User != nil { // c has what is wrong
		c.FailAs("influxdb-url", "(not shown)", "a URL without user and password; give them as USER:PASSWORD to "+
			"--influxdb-token (INFLUXDB_TOKEN)")
	}
	open := opener(func(context.Context) (*influx.Store, error) { return influx.New(o) })
	return outbox.Target{Name: o.Name(), Open: open, Like: o.Like}
}

// opener is open as a Target has it. A store that cannot be opened is nil, and not a nil pointer in an interface.
func opener[S bench.Store](open func(context.Context) (S, error)) func(context.Context) (bench.Store, error) {
	return func(ctx context.Context) (bench.Store, error) {
		s, err := open(ctx)
		if err != nil {
			return nil, err
		}
		return s, nil
	}
}

// openForReading opens the first store of the flags, for history, export and compare. Close it.
func (a *app) openForReading(f storeFlags) (bench.Store, error) {
	c := settings.Check{Sources: a.settings}
	targets := f.targets(&c)
	if c.Err != nil {
		return nil, c.Err
	}
	if len(targets) == 0 {
		return nil, usagef("--store none: there is nothing to read")
	}
	return a.openToRead(targets[0])
}

// openToRead opens a store and makes none.
func (a *app) openToRead(t outbox.Target) (bench.Store, error) {
	s, err := archive.Open(a.ctx, t)
	if err != nil {
		return nil, advised(err)
	}
	return s, nil
}

// shownStore is what should be the name of a store, as sqlite:FILE.
func shownStore(name string) string {
	kind, _, found := strings.Cut(name, ":")
	if _, known := storeKinds[kind]; known && found {
		return settings.ShownName(name)
	}
	return settings.Shown(name)
}
