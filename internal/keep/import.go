package keep

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"rtcbench/bench"
	"rtcbench/internal/outbox"
	"rtcbench/internal/result"
)

// Importer saves earlier runs in the stores. Stores that can save many runs in one transaction get them directly. The
// other stores get them through the outbox: if this process ends, they may have a part of a run. The caller closes the
// Importer.
type Importer struct {
	Bad  []error // errors in the order in which they came
	Full bool    // the outbox takes no more

	stores  Stores
	opened  bool // whole and others are known
	courier *outbox.Courier
	whole   []wholeStore
	others  []string        // names of the stores that get runs through the outbox
	ours    map[string]bool // IDs of the runs that went through the outbox
	out     outbox.Outcome
	left    bool // the end of the context has left runs of a file out
}

// wholeStore is a store that saves many runs in one transaction.
type wholeStore struct {
	name string
	bench.Store
	bench.WholeSaver
}

// Importer makes an Importer. It opens no store before there is a run: files without one make no store.
func (s Stores) Importer() *Importer {
	return &Importer{stores: s, courier: s.Courier(), ours: map[string]bool{}}
}

// open opens the stores on this machine that can save many runs in one transaction. The runs for a store that cannot be
// opened wait in the outbox.
func (im *Importer) open(ctx context.Context) {
	if im.opened {
		return
	}
	im.opened = true
	for _, t := range im.stores.Targets {
		if t.File != "" {
			if store, err := t.Open(ctx); err == nil {
				if saver, ok := store.(bench.WholeSaver); ok {
					im.whole = append(im.whole, wholeStore{t.Name, store, saver})
					continue
				}
				store.Close()
			}
		}
		im.others = append(im.others, t.Name)
	}
}

// Close closes the stores.
func (im *Importer) Close() {
	im.courier.Close()
	for _, s := range im.whole {
		s.Close()
	}
}

// Failures are the errors of the stores about the runs that went through the outbox.
func (im *Importer) Failures() []error { return im.stores.Failures(im.out, im.meant) }

// Older are the errors about runs of other commands, which waited and were offered as well, and corrections.
func (im *Importer) Older() []error { return im.stores.older(im.out, im.meant) }

func (im *Importer) meant(f outbox.Failure) bool { return im.ours[f.RunID] }

// Imported is the result of importing a file.
type Imported struct {
	Kept  int            // runs that at least one store has
	There int            // of these: runs that all stores which can tell had before
	Notes map[string]int // notes about the file, with the number of runs that each is about
}

// atOnce is how many runs are saved in one transaction.
const atOnce = 500

// File imports the runs of a file. r is the content of the file, path its name in errors.
func (im *Importer) File(ctx context.Context, path string, r io.Reader) Imported {
	done := Imported{Notes: map[string]int{}}
	var batch []bench.Run
	save := func() {
		kept, there := im.save(ctx, path, batch)
		done.Kept, done.There, batch = done.Kept+kept, done.There+there, nil
	}
	reading, enough := context.WithCancel(ctx)
	defer enough()
	for e, err := range bench.Leave(reading, result.Decode(untilEnd(reading, r))) {
		switch {
		case ctx.Err() != nil: // the error comes from the end of ctx
			continue
		case err != nil:
			im.Bad = append(im.Bad, fmt.Errorf("%s: %w", path, err))
			continue
		case e.Run.Standin:
			done.Notes["not imported: a stand-in played the platform"]++
			continue
		case e.Note != "":
			done.Notes[e.Note]++
		}
		if batch = append(batch, e.Run); len(batch) == atOnce {
			save()
		}
		if ctx.Err() != nil || im.Full {
			enough() // a pipe may never end
			break
		}
	}
	im.left = ctx.Err() != nil
	save()
	if im.left {
		im.Bad = append(im.Bad, fmt.Errorf("%s: %w: the rest of it is not imported", path, context.Cause(ctx)))
	}
	return done
}

// untilEnd reads r until ctx ends, even while a read of r waits, as on a pipe.
func untilEnd(ctx context.Context, r io.Reader) io.Reader {
	out, in := io.Pipe()
	go func() {
		_, err := io.Copy(in, r)
		in.CloseWithError(err)
	}()
	context.AfterFunc(ctx, func() { out.CloseWithError(context.Cause(ctx)) })
	return out
}

// save saves runs of the file at path. kept is how many runs at least one store has. there is how many runs all stores
// that can tell had before.
func (im *Importer) save(ctx context.Context, path string, runs []bench.Run) (kept, there int) {
	if len(runs) == 0 {
		return 0, 0
	}
	records := make([]bench.Record, len(runs))
	summed := func(yield func(int, bench.Record) bool) {
		for i, r := range runs {
			if !yield(i, bench.NewRecord(r)) {
				return
			}
		}
	}
	for i, r := range bench.Leave(ctx, summed) {
		records[i] = r
	}
	if ctx.Err() != nil {
		im.left = true
		return 0, 0
	}
	im.open(ctx)
	has, there := make([]bool, len(runs)), len(runs)
	if len(im.whole) == 0 {
		there = 0
	}
	for _, s := range im.whole {
		fresh, refused, err := saveAll(ctx, s, records)
		if err != nil && ctx.Err() != nil { // File reports that the import was stopped
			there, im.left = 0, true
			break
		}
		if err != nil { // these and all later runs wait for the store
			im.Bad = append(im.Bad, fmt.Errorf("%s: %w", path, err))
			im.others, there = append(im.others, s.name), 0
			continue
		}
		for i, r := range runs {
			if why := refused[i]; why != nil {
				im.Bad = append(im.Bad, fmt.Errorf("%s: run %s: %w", path, r.ID, why))
			} else {
				has[i] = true
			}
		}
		there = min(there, len(runs)-len(refused)-fresh)
	}
	im.dropWaiting()
	if len(im.others) > 0 {
		im.deliver(ctx, path, records, has)
	}
	for _, has := range has {
		if has {
			kept++
		}
	}
	return kept, there
}

// dropWaiting closes the stores that get their runs through the outbox from now on.
func (im *Importer) dropWaiting() {
	im.whole = slices.DeleteFunc(im.whole, func(s wholeStore) bool {
		waits := slices.Contains(im.others, s.name)
		if waits {
			s.Close()
		}
		return waits
	})
}

// deliver offers runs to the other stores through the outbox. It notes in has which runs at least one of them took.
func (im *Importer) deliver(ctx context.Context, path string, records []bench.Record, has []bool) {
	documents := make([]*result.Document, len(records))
	for i, r := range records {
		documents[i] = result.NewDocument(r)
	}
	n, others, err := im.stores.Box.PutAll(ctx, documents, im.others)
	im.left = im.left || ctx.Err() != nil && n < len(records)
	if ctx.Err() != nil && n == 0 { // File reports that the import was stopped
		return
	}
	if err != nil {
		im.Full = true
		im.Bad = append(im.Bad, &Stuck{path, records[n].ID, im.stores.Box.Dir(), err})
	}
	var ids []string
	failed := map[string]int{}
	for i, r := range records[:n] {
		if others[i] != nil {
			im.Bad = append(im.Bad, fmt.Errorf("%s: run %s: %w", path, r.ID, others[i]))
			continue
		}
		ids = append(ids, r.ID)
		im.ours[r.ID] = true
	}
	out, err := im.courier.Deliver(ctx, ids...)
	if err != nil {
		im.Bad = append(im.Bad, fmt.Errorf("look for what waits: %w", err))
	}
	for _, f := range out.Failures {
		if !f.Unnoted {
			failed[f.RunID]++
		}
	}
	for i, r := range records[:n] {
		has[i] = has[i] || others[i] == nil && failed[r.ID] < len(im.others)
	}
	// What waits is offered at each delivery: what an earlier one said of that no longer holds.
	before := slices.DeleteFunc(im.out.Failures, func(f outbox.Failure) bool { return !f.Final && !f.Unnoted })
	im.out = out
	im.out.Failures = append(before, out.Failures...)
}

// Stuck says from which run of a file on the outbox had no more room.
type Stuck struct {
	Path, RunID string
	Dir         string // path of the outbox
	Err         error
}

func (e *Stuck) Error() string {
	return fmt.Sprintf("%s: from run %s on: keep it in %s: %v", e.Path, e.RunID, e.Dir, e.Err)
}

func (e *Stuck) Unwrap() error { return e.Err }

// saveAll saves runs in one transaction. If the store refuses runs, the others are saved in several transactions.
// refused has the reasons, by the runs' places in list.
func saveAll(ctx context.Context, s bench.WholeSaver, list []bench.Record) (fresh int, refused map[int]error,
	err error) {
	refused = map[int]error{}
	var save func(from, to int) error
	save = func(from, to int) error {
		n, err := s.SaveAll(ctx, list[from:to])
		switch {
		case !errors.Is(err, bench.ErrRejected):
			fresh += n
			return err
		case to-from == 1:
			refused[from] = err
			return nil
		}
		middle := (from + to) / 2
		if err := save(from, middle); err != nil {
			return err
		}
		return save(middle, to)
	}
	err = save(0, len(list))
	return fresh, refused, err
}
