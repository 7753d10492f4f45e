package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"rtcbench/bench"
	"rtcbench/internal/outbox"
	"rtcbench/internal/report"
	"rtcbench/internal/result"
)

type importCmd struct {
	Files []string `arg:"" name:"file" help:"Result files, also of the original tool, or lines of JSON; - = standard input."`
	storeFlags
}

// Help is shown by --help below the flags' summary.
func (importCmd) Help() string {
	return `Puts runs from files into every store that is on. A run that is there already stays as it is, so importing twice does no harm.

It reads result files (--output), those of both, what rtcbench export writes, and files of the original tool; what such a file cannot say is told in a line. They may be packed by gzip, in UTF-16, in an array, or lines of a log. A line that is wrong is named, and the others are imported. What a store does not take now waits in the outbox. The exit code is 4 unless all of it is in the stores.

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
	im := importer{app: a, keeper: k, courier: k.box.To(k.targets, storeTimeout), ours: map[string]bool{}}
	defer im.courier.Close()
	defer im.open()()
	for _, path := range cmd.Files {
		im.file(path)
		if a.ctx.Err() != nil || im.full {
			break
		}
	}
	im.bad = append(im.bad, k.failures(im.out, func(f outbox.Failure) bool { return im.ours[f.RunID] }))
	if err := join(im.bad...); err != nil {
		return exitError{exitNotKept, err}
	}
	return nil
}

// importer puts runs into stores: at once into those that keep many in one step or none of them, by way of the outbox into the
// others, where a part of a run may be written when something ends this process.
type importer struct {
	*app
	keeper
	courier *outbox.Courier
	whole   []namedStore
	others  []string // names of stores
	bad     []error
	ours    map[string]bool // runs that went through the outbox
	out     outbox.Outcome
	full    bool // the outbox takes no more
}

type namedStore struct {
	name  string
	store wholeStore
}

// wholeStore keeps many runs in one step.
type wholeStore interface {
	bench.Store
	SaveAll(ctx context.Context, runs []bench.Run) (fresh int, err error)
}

// open opens the stores that keep runs in one step. What cannot be opened has its runs wait in the outbox.
func (im *importer) open() (closeAll func()) {
	for _, t := range im.targets {
		if strings.HasPrefix(t.Name, "sqlite:") {
			if s, err := t.Open(im.ctx); err == nil {
				if w, ok := s.(wholeStore); ok {
					im.whole = append(im.whole, namedStore{t.Name, w})
					continue
				}
				s.Close()
			}
		}
		im.others = append(im.others, t.Name)
	}
	opened := im.whole
	return func() {
		for _, s := range opened {
			s.store.Close()
		}
	}
}

// importedAtOnce is how many runs are kept in one step.
const importedAtOnce = 500

// file imports one file, and says how many runs of it at least one store has.
func (im *importer) file(path string) {
	r, err := openFile(path)
	if err != nil {
		im.bad = append(im.bad, err)
		return
	}
	defer r.Close()
	notes := map[string]int{}
	var batch []bench.Run
	kept, there := 0, 0
	save := func() {
		k, t := im.save(path, batch)
		kept, there, batch = kept+k, there+t, nil
	}
	for e, err := range result.Decode(r) {
		switch {
		case err != nil:
			im.bad = append(im.bad, fmt.Errorf("%s: %w", path, err))
			continue
		case e.Run.Standin:
			notes["not imported: a stand-in played the platform"]++
			continue
		case e.Note != "":
			notes[e.Note]++
		}
		if batch = append(batch, e.Run); len(batch) == importedAtOnce {
			save()
		}
		if im.ctx.Err() != nil || im.full {
			break
		}
	}
	save()
	for note, runs := range notes {
		fmt.Fprintf(report.Plain{Writer: im.stderr}, "%s: %d run(s): %s\n", path, runs, note)
	}
	known := ""
	if there > 0 {
		known = fmt.Sprintf(", %d of them there already", there)
	}
	fmt.Fprintf(report.Plain{Writer: im.stdout}, "%s: %d run(s)%s\n", path, kept, known)
}

// save keeps runs: kept is how many at least one store has, there how many were in all that can tell before.
func (im *importer) save(path string, runs []bench.Run) (kept, there int) {
	if len(runs) == 0 {
		return 0, 0
	}
	has, there := map[string]bool{}, len(runs)
	if len(im.whole) == 0 {
		there = 0
	}
	for _, s := range im.whole {
		fresh, refused, err := saveAll(im.ctx, s.store, runs)
		if err != nil { // these runs and the next ones wait for it
			im.bad = append(im.bad, fmt.Errorf("%s: %w", path, err))
			im.others, there = append(im.others, s.name), 0
			continue
		}
		no := map[string]bool{}
		for _, r := range refused {
			no[r.id] = true
			im.bad = append(im.bad, fmt.Errorf("%s: run %s: %w", path, r.id, r.err))
		}
		for _, r := range runs {
			has[r.ID] = has[r.ID] || !no[r.ID]
		}
		there = min(there, len(runs)-len(refused)-fresh)
	}
	im.dropWaiting()
	if len(im.others) > 0 {
		im.deliver(path, runs, has)
	}
	for _, r := range runs {
		if has[r.ID] {
			kept++
		}
	}
	return kept, there
}

// dropWaiting takes the stores out of whole whose runs wait in the outbox now.
func (im *importer) dropWaiting() {
	var whole []namedStore
	for _, s := range im.whole {
		if !slices.Contains(im.others, s.name) {
			whole = append(whole, s)
		}
	}
	im.whole = whole
}

// deliver offers runs to the other stores, by way of the outbox, and notes in has which of them one has taken.
func (im *importer) deliver(path string, runs []bench.Run, has map[string]bool) {
	n, err := im.box.PutAll(runs, im.others)
	if err != nil {
		im.full = true
		im.bad = append(im.bad, fmt.Errorf("%s: from run %s on: keep it in %s: %w", path, runs[n].ID, im.box.Dir(), err))
	}
	var ids []string
	failed := map[string]int{}
	for _, r := range runs[:n] {
		ids = append(ids, r.ID)
		im.ours[r.ID] = true
	}
	out, err := im.courier.Deliver(im.ctx, ids...)
	if err != nil {
		im.bad = append(im.bad, fmt.Errorf("look for what waits: %w", err))
	}
	for _, f := range out.Failures {
		if !f.Unnoted {
			failed[f.RunID]++
		}
	}
	for _, id := range ids {
		has[id] = has[id] || failed[id] < len(im.others)
	}
	im.out.Failures, im.out.Waiting = append(im.out.Failures, out.Failures...), out.Waiting
}

// openFile opens a file of results; - is standard input.
func openFile(path string) (io.ReadCloser, error) {
	if path == "-" {
		return io.NopCloser(os.Stdin), nil
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return nil, fmt.Errorf("%s is a folder: name the files in it, as %s", path, strings.TrimRight(path, "/")+"/*.json")
	}
	return os.Open(path)
}

// refusal is a run that a store will never take.
type refusal struct {
	id  string
	err error
}

// saveAll saves runs in one step. A run that the store refuses does not keep the others out.
func saveAll(ctx context.Context, s wholeStore, runs []bench.Run) (fresh int, refused []refusal, err error) {
	if fresh, err = s.SaveAll(ctx, runs); !errors.Is(err, bench.ErrRejected) {
		return fresh, nil, err
	}
	for _, r := range runs {
		switch n, err := s.SaveAll(ctx, []bench.Run{r}); {
		case errors.Is(err, bench.ErrRejected):
			refused = append(refused, refusal{r.ID, err})
		case err != nil:
			return fresh, refused, err
		default:
			fresh += n
		}
	}
	return fresh, refused, nil
}
