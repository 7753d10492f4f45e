package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/outbox"
	"rtcbench/internal/report"
	"rtcbench/internal/result"
)

type storeCmd struct {
	Status storeStatusCmd `cmd:"" help:"Show the stores that are on, and what waits for them."`
	Flush  storeFlushCmd  `cmd:"" help:"Deliver what waits in the outbox."`
	Init   storeInitCmd   `cmd:"" help:"Make the databases and tables that are missing."`
	Check  storeCheckCmd  `cmd:"" help:"Read all that the stores hold, and say what is damaged."`
	Remove storeRemoveCmd `cmd:"" help:"Remove a run from the stores and the outbox."`
}

type storeStatusCmd struct{ storeFlags }

// Run shows the outbox. It asks no store over the network.
func (cmd *storeStatusCmd) Run(a *app) error {
	c := check{settings: a.settings}
	k := cmd.keeper(&c)
	if c.err != nil {
		return c.err
	}
	waiting, err := k.box.Waiting()
	if err != nil {
		return err
	}
	rejected, err := k.box.Rejected()
	if err != nil {
		return err
	}
	names := []string{}
	for _, t := range k.targets {
		names = append(names, t.Name)
	}
	return report.WriteStatus(a.stdout, report.Status{Stores: names, Outbox: k.box.Dir(), Waiting: k.rows(waiting), Rejected: k.rows(rejected)})
}

func (k keeper) rows(list []outbox.Entry) (out []report.Waiting) {
	courier := k.box.To(k.targets, storeTimeout)
	for _, e := range list {
		for _, name := range e.Names() {
			w := e.Stores[name]
			if store, ok := courier.For(name); ok {
				name = store
			}
			out = append(out, report.Waiting{RunID: e.RunID, File: e.Path, Ended: e.Ended, Store: name, Tries: w.Tries, Error: w.Error})
		}
	}
	return out
}

type storeFlushCmd struct {
	RetryRejected bool   `name:"retry-rejected" group:"store" help:"Also offer again what a store has refused."`
	Was           string `placeholder:"NAME" group:"store" help:"Deliver what waits for the store of this name, as store status shows it, to the one of its kind that is on."`
	storeFlags
}

// Run delivers.
func (cmd *storeFlushCmd) Run(a *app) error {
	c := check{settings: a.settings}
	k := cmd.keeper(&c)
	if c.err != nil {
		return c.err
	}
	if cmd.RetryRejected {
		n, err := k.box.Retry()
		if err != nil {
			return err
		}
		fmt.Fprintf(a.stderr, "%d rejected run(s) wait again\n", n)
	}
	courier := k.box.To(k.targets, storeTimeout)
	defer courier.Close()
	if err := cmd.readdress(k, courier); err != nil {
		return err
	}
	out, err := courier.Deliver(a.ctx)
	fmt.Fprintf(a.stdout, "%d run(s) delivered, %d wait\n", out.Delivered, out.Waiting)
	for _, line := range corrections(out) {
		fmt.Fprintln(a.stderr, report.Printable(line))
	}
	left := []error{k.failures(out, func(outbox.Failure) bool { return true }), err}
	for _, name := range out.Off {
		left = append(left, fmt.Errorf("runs wait for %s, which is not on: configure it; if the name was a mistake, "+
			"rtcbench store flush --was %q gives them to the store that is on; or import their files in %s into another store and remove them",
			name, name, k.box.Dir()))
	}
	if err := join(left...); err != nil {
		if code, ok := stopCode(a.ctx); ok {
			return exitError{code, err}
		}
		return exitError{exitNotKept, err}
	}
	return nil
}

// readdress lets what waits for the store --was go to the one of its kind that is on.
func (cmd *storeFlushCmd) readdress(k keeper, courier *outbox.Courier) error {
	if cmd.Was == "" {
		return nil
	}
	kind, _, _ := strings.Cut(cmd.Was, ":")
	var on []string
	for _, t := range k.targets {
		if strings.HasPrefix(t.Name, kind+":") {
			on = append(on, t.Name)
		}
	}
	if len(on) != 1 {
		return usagef("--was %q: exactly one store of its kind has to be on, and %d are: name it with --store", cmd.Was, len(on))
	}
	waiting, err := k.box.Waiting()
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(waiting, func(e outbox.Entry) bool { return slices.Contains(e.Names(), cmd.Was) }) {
		return usagef("--was %q: nothing waits for a store of this name; rtcbench store status shows what does", cmd.Was)
	}
	courier.Readdress(cmd.Was, on[0])
	return nil
}

type storeInitCmd struct {
	MemoryHours  string `name:"ts-memory-hours" group:"store" default:"24" placeholder:"24" help:"Timestream: hours in the memory store."`
	MagneticDays string `name:"ts-magnetic-days" group:"store" default:"90" placeholder:"90" help:"Timestream: days in the magnetic store."`
	storeFlags
}

// Stores that have something to be made before they take runs.
type (
	tableMaker interface {
		Init(ctx context.Context, memoryHours, magneticDays int) (made []string, err error)
	}
	databaseMaker interface {
		Init(ctx context.Context) (made []string, err error)
	}
)

// Run makes what is missing.
func (cmd *storeInitCmd) Run(a *app) error {
	c := check{settings: a.settings}
	targets := cmd.targets(&c)
	hours, days := c.number("ts-memory-hours", cmd.MemoryHours, 1, 8766), c.number("ts-magnetic-days", cmd.MagneticDays, 1, 73000)
	if c.err != nil {
		return c.err
	}
	var errs []error
	for _, t := range targets { // one that fails is no reason to leave the others
		errs = append(errs, a.initStore(t, hours, days))
	}
	return join(errs...)
}

func (a *app) initStore(t outbox.Target, hours, days int) error {
	s, err := t.Open(a.ctx)
	if err != nil {
		return err
	}
	var made []string
	switch i := s.(type) {
	case tableMaker:
		made, err = i.Init(a.ctx, hours, days)
	case databaseMaker:
		made, err = i.Init(a.ctx)
	}
	for _, what := range made {
		fmt.Fprintf(a.stdout, "%s: made %s\n", t.Name, what)
	}
	if err = errors.Join(err, s.Close()); err == nil && made == nil {
		fmt.Fprintf(a.stdout, "%s: nothing was missing\n", t.Name)
	}
	return err
}

type exportCmd struct {
	Output string `short:"o" group:"out" default:"-" placeholder:"FILE" help:"Where to; - = standard output." completion-predictor:"file"`
	filterFlags
	storeFlags
}

// Help is shown by --help below the flags' summary.
func (exportCmd) Help() string {
	return `Writes the runs of a store, with their samples, as lines of JSON: each line is a result file, as --output writes it. rtcbench import reads them into any other store.

A run that cannot be read is named and left out; the exit code is 4 then.

Example:

  rtcbench export --since 7d -o week.jsonl`
}

// Run writes the runs.
func (cmd *exportCmd) Run(a *app) (done error) {
	whole := true // what is written is what the store has
	c := check{settings: a.settings}
	q := cmd.query(&c, time.Now())
	if c.err != nil {
		return c.err
	}
	q.Samples = true
	store, err := a.openForReading(cmd.storeFlags)
	if err != nil {
		return err
	}
	defer store.Close()
	var w io.Writer = a.stdout
	if cmd.Output != "-" {
		if isStore(cmd.Output, store) {
			return usagef("--output %q: that is the store itself", cmd.Output)
		}
		f, err := newReplacement(cmd.Output)
		if err != nil {
			return usagef("--output %q: %w", cmd.Output, err)
		}
		defer func() {
			if err := f.end(whole); err != nil {
				done = join(done, err)
			}
		}()
		w = f
	}
	n, failed, bad := 0, []error{}, []error{}
	lines := json.NewEncoder(w)
	lines.SetEscapeHTML(false)
	for r, err := range store.Runs(a.ctx, q) {
		if err == nil {
			var f result.File
			if f, err = result.New(r); err == nil {
				if err := lines.Encode(f); err != nil {
					whole = false
					return fmt.Errorf("write the runs: %w", err)
				}
				n++
				continue
			}
		}
		if bench.ReadsOn(r, err) {
			bad = append(bad, unreadable(r, err))
		} else {
			failed, whole = append(failed, err), false
		}
	}
	// What was in the file before is worth more than a part.
	if whole = whole && a.ctx.Err() == nil; !whole && cmd.Output != "-" {
		failed = append(failed, fmt.Errorf("nothing was written to %s", cmd.Output))
	} else {
		fmt.Fprintf(a.stderr, "%d run(s) written\n", n)
	}
	if len(failed) > 0 {
		return join(append(failed, bad...)...)
	}
	if err := join(bad...); err != nil {
		return exitError{exitNotKept, err}
	}
	return nil
}

// isStore reports whether path is the file of a store.
func isStore(path string, s bench.Store) bool {
	name, ok := strings.CutPrefix(fmt.Sprint(s), "sqlite:")
	if !ok {
		return false
	}
	is, err := os.Stat(path)
	of, gone := os.Stat(name)
	return err == nil && gone == nil && os.SameFile(is, of)
}

type importCmd struct {
	Files []string `arg:"" name:"file" help:"Result files, also of the original tool, or lines of JSON; - = standard input."`
	storeFlags
}

// Help is shown by --help below the flags' summary.
func (importCmd) Help() string {
	return `Puts runs from files into every store that is on. A run that is there already stays as it is, so importing twice does no harm.

It reads result files (--output), those of both, what rtcbench export writes, and files of the original tool; what such a file cannot say is told in a line.

Example:

  rtcbench import old/*.json week.jsonl --store influxdb`
}

// Run reads all files; a run that cannot be read does not keep the others out.
func (cmd *importCmd) Run(a *app) error {
	c := check{settings: a.settings}
	k := cmd.keeper(&c)
	if c.err != nil {
		return c.err
	}
	if len(k.targets) == 0 {
		return usagef("--store none: there is nowhere to put them")
	}
	var stores []bench.Store
	var bad []error
	for _, t := range k.targets { // one that is away does not keep the others
		s, err := t.Open(a.ctx)
		if err != nil {
			bad = append(bad, exitError{exitNotKept, err})
			continue
		}
		defer s.Close()
		stores = append(stores, s)
	}
	if len(stores) == 0 {
		return exitError{exitNotKept, join(bad...)}
	}
	for _, path := range cmd.Files {
		n, notes, errs := cmd.file(a, path, stores)
		for note, runs := range notes {
			fmt.Fprintf(a.stderr, "%s: %d run(s): %s\n", path, runs, note)
		}
		bad = append(bad, errs...)
		fmt.Fprintf(a.stdout, "%s: %d run(s)\n", path, n)
		if a.ctx.Err() != nil {
			break
		}
	}
	if err := join(bad...); err != nil {
		return exitError{exitNotKept, err}
	}
	return nil
}

func (cmd *importCmd) file(a *app, path string, stores []bench.Store) (n int, notes map[string]int, bad []error) {
	var r io.Reader = os.Stdin
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return 0, nil, []error{err}
		}
		defer f.Close()
		r = f
	}
	notes = map[string]int{}
	var waiting []bench.Run
	away := map[bench.Store]bool{}
	save := func() {
		left := map[string]bool{} // runs that a store does not have
		for _, s := range stores {
			if away[s] {
				continue
			}
			refused, err := saveAll(a.ctx, s, waiting)
			for _, r := range refused {
				left[r.id] = true
				bad = append(bad, fmt.Errorf("%s: run %s: %w", path, r.id, r.err))
			}
			if away[s] = err != nil; err != nil {
				bad = append(bad, exitError{exitNotKept, fmt.Errorf("%s: %w", path, err)})
			}
		}
		if slices.ContainsFunc(stores, func(s bench.Store) bool { return !away[s] }) { // else nobody has them
			n += len(waiting) - len(left)
		}
		waiting = nil
	}
	for e, err := range result.Decode(r) {
		if err != nil {
			bad = append(bad, fmt.Errorf("%s: %w", path, err))
			continue
		}
		if e.Run.Standin {
			notes["not imported: a stand-in played the platform"]++
			continue
		}
		if e.Note != "" {
			notes[e.Note]++
		}
		if waiting = append(waiting, e.Run); len(waiting) == 500 {
			save()
		}
	}
	save()
	return n, notes, bad
}

// refusal is a run that a store will never take.
type refusal struct {
	id  string
	err error
}

// saveAll saves runs, in one step where the store can. A run that it refuses does not keep the others out.
func saveAll(ctx context.Context, s bench.Store, runs []bench.Run) (refused []refusal, err error) {
	if many, ok := s.(interface {
		SaveAll(context.Context, []bench.Run) (int, error)
	}); ok {
		if _, err := many.SaveAll(ctx, runs); !errors.Is(err, bench.ErrRejected) {
			return nil, err
		}
	}
	for _, r := range runs {
		switch err := s.Save(ctx, r); {
		case errors.Is(err, bench.ErrRejected):
			refused = append(refused, refusal{r.ID, err})
		case err != nil:
			return refused, err
		}
	}
	return refused, nil
}
