// Package stores lists the stores that runs can be kept in, and opens them from their spellings. A store is a package
// in internal/store, a file here with its flags, and its two lines below.
package stores

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"rtcbench/bench"
	"rtcbench/internal/environment"
	"rtcbench/internal/keep"
	"rtcbench/internal/outbox"
	"rtcbench/internal/settings"
)

// Flags say where runs are kept.
type Flags struct {
	Store     []string `from:"RTCBENCH_STORE" group:"store" placeholder:"STORE" help:"sqlite, sqlite:FILE, timestream, influxdb, postgres://USER:PASSWORD@HOST/DATABASE, or none; may be repeated, and is then the whole list. Without it: sqlite, and each of the others that is configured."`
	DataDir   string   `name:"data-dir" from:"RTCBENCH_DATA_DIR" group:"store" placeholder:"DIR" help:"Where the SQLite file and the outbox are." completion-predictor:"dir"`
	OutboxMax string   `name:"outbox-max" from:"RTCBENCH_OUTBOX_MAX" group:"store" default:"256" placeholder:"256" help:"Megabytes that runs may take which wait for a store."`
	timestreamFlags
	influxFlags
}

// kinds are the stores. What needs no network comes first: it is read and written first.
var kinds = []kind{sqliteKind, influxKind, timestreamKind, postgresKind, postgresqlKind}

// kind is one of them.
type kind struct {
	name string // as --store has it
	// configured reports whether the settings turn it on by themselves.
	configured func(Setup) bool
	named      bool // what follows its name says which store it is
	// target reads which store of the kind is meant; arg is what follows its name and a colon.
	target func(s Setup, c *settings.Check, arg string) outbox.Target
}

func kindOf(name string) (kind, bool) {
	i := slices.IndexFunc(kinds, func(k kind) bool { return k.name == name })
	if i < 0 {
		return kind{}, false
	}
	return kinds[i], true
}

// Setup is what the flags say, and what else decides where runs are kept.
type Setup struct {
	Flags
	Environment environment.Environment
	Words       bench.Words // what stores call their settings, and the commands that help
}

// NoFolder says that there is no folder for data.
type NoFolder struct{ Err error }

func (e *NoFolder) Error() string { return fmt.Sprintf("there is no folder for data here (%v)", e.Err) }

func (e *NoFolder) Unwrap() error { return e.Err }

// Stores are those that are on, and the outbox. Nothing is opened yet.
func (s Setup) Stores(c *settings.Check) keep.Stores {
	list := keep.Stores{Targets: s.Targets(c)}
	limit := int64(c.Number("outbox-max", s.OutboxMax, 1, 1<<20)) << 20
	list.Box = outbox.Open(s.box(c, list.Targets), limit)
	return list
}

// box is where runs wait for targets: in the folder for data, and where there is none beside the first store that is a
// file, which has a place on this machine.
func (s Setup) box(c *settings.Check, targets []outbox.Target) string {
	alone := settings.Check{Sources: c.Sources}
	dir := s.dataDir(&alone)
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

// Targets are the stores that are on. A command that reads or looks after them alone needs no folder for data.
func (s Setup) Targets(c *settings.Check) (list []outbox.Target) {
	for _, choice := range s.choices(c) {
		name, arg, _ := strings.Cut(choice, ":")
		known, ok := kindOf(name)
		if !ok {
			c.Fail("store", choice, strings.Join(names(), ", ")+", sqlite:FILE or none")
			continue
		}
		t := known.target(s, c, arg)
		if !known.named && arg != "" && choice != t.Name && (t.Like == nil || t.Like(choice) != bench.Same) {
			c.Fail("store", choice, name+" alone: its other settings say which, and that is "+t.Name)
		}
		if !slices.ContainsFunc(list, func(o outbox.Target) bool { return o.Name == t.Name }) {
			list = append(list, t)
		}
	}
	return list
}

// names are those of all kinds, sorted.
func names() (list []string) {
	for _, k := range kinds {
		switch k.name {
		case postgresKind.name:
			list = append(list, "postgres://…")
		case postgresqlKind.name: // another spelling
		default:
			list = append(list, k.name)
		}
	}
	slices.Sort(list)
	return list
}

func (s Setup) choices(c *settings.Check) []string {
	var list []string
	for _, choice := range s.Store {
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
	for _, k := range kinds {
		if k.configured(s) {
			list = append(list, k.name)
		}
	}
	return list
}

// DataFolder is the folder for data: what a command keeps beside runs lies there, too.
func (s Setup) DataFolder(c *settings.Check) string { return s.dataDir(c) }

// dataDir is the folder for data.
func (s Setup) dataDir(c *settings.Check) string {
	if s.DataDir != "" {
		return s.DataDir
	}
	dir, err := s.Environment.DataFolder()
	if err != nil && c.Err == nil {
		c.Err = settings.Usagef("%w", &NoFolder{err})
	}
	return dir
}

// ErrNone means that no store is on.
var ErrNone = errors.New("no store is on")

// First is the store that is read: the first that is on.
func (s Setup) First(c *settings.Check) (outbox.Target, error) {
	targets := s.Targets(c)
	switch {
	case c.Err != nil:
		return outbox.Target{}, c.Err
	case len(targets) == 0:
		return outbox.Target{}, ErrNone
	}
	return targets[0], nil
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

// Shown is what should be the name of a store, as sqlite:FILE; it may be a secret in the wrong place.
func Shown(name string) string {
	of, rest, found := strings.Cut(name, ":")
	if _, known := kindOf(of); known && found {
		if hidden := settings.Hidden(rest); settings.ShownName(rest) == hidden {
			return of + ":" + hidden
		}
		return settings.ShownName(name)
	}
	return settings.Shown(name)
}
