// Package outbox keeps runs on disk until every store has them: a run is not lost because a store cannot be reached. It
// knows no kinds of stores, and delivers only when it is told to.
package outbox

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/result"
)

// ErrFull is wrapped by the error of Put if the outbox has no room. Put removes no run to make room.
var ErrFull = errors.New("the outbox is full")

// Outbox is a folder with a file for each waiting run. Its folder rejected has the runs that a store will never take;
// its folder stores has what is remembered of the stores. Several processes may use an Outbox. If two of them deliver
// the same run, it is kept once: Store.Save is idempotent.
type Outbox struct {
	dir string
	max int64 // of the files of waiting runs

	mu    sync.Mutex
	fresh map[string]document // by path: files written since the last delivery, so that they need not be read
}

// Open makes an Outbox of the folder dir. The folder is made when the first run is put.
func Open(dir string, maxBytes int64) *Outbox {
	return &Outbox{dir: dir, max: maxBytes, fresh: map[string]document{}}
}

// Dir is the path of the folder.
func (o *Outbox) Dir() string { return o.dir }

const (
	rejectedDir = "rejected"
	storesDir   = "stores"
)

func (o *Outbox) rejected() string { return filepath.Join(o.dir, rejectedDir) }

// Put keeps a run for the named stores. When it returns nil, the run is on the disk.
func (o *Outbox) Put(run *result.Document, stores []string) error {
	_, others, err := o.PutAll(context.Background(), []*result.Document{run}, stores)
	return cmp.Or(err, others[0])
}

// PutAll keeps runs for the named stores. The first n runs are on the disk when it returns, without those in others;
// the error says why the next one is not. others has the errors of runs whose ID is that of another run that waits, by
// their places in runs: they are not kept. Many runs cost little more than one, because the disk is synced once for
// all. If ctx ends before that, no run is kept, and the error is the cause of ctx.
func (o *Outbox) PutAll(ctx context.Context, runs []*result.Document, stores []string) (n int, others map[int]error,
	err error) {
	used, items, err := o.used()
	if err != nil {
		return 0, nil, err
	}
	before := earlier(items, runs)
	b, err := newBatch(o.dir, len(runs) >= batchFrom)
	if err != nil {
		return 0, nil, err
	}
	defer b.drop()
	o.use(stores)
	var why error
	var put []document
	var places []int // of what is put, in runs
	others = map[int]error{}
	for i, run := range runs {
		if others[i] = o.another(run, put, before[run.ID]); others[i] != nil {
			n = i + 1
			continue
		}
		delete(others, i)
		var f filed
		f, why = bench.LeaveOne(ctx, func() (filed, error) {
			d, data, err := o.file(run, stores, before[run.ID])
			return filed{d, data}, err
		})
		d, data := f.document, f.data
		if why == nil && used+int64(len(data)) > o.max {
			why = fmt.Errorf("%w: what waits in %s takes %.1f of %d MB, and this run %.1f more",
				ErrFull, o.dir, float64(used)/(1<<20), o.max>>20, float64(len(data))/(1<<20))
		}
		if why == nil {
			why = b.add(d.path, data)
		}
		if ctx.Err() != nil {
			return 0, nil, context.Cause(ctx)
		}
		if why != nil {
			break
		}
		used += int64(len(data))
		put, places, n = append(put, d), append(places, i), i+1
	}
	done, err := b.commit()
	if done < len(put) {
		put, n = put[:done], places[done]
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, d := range put {
		o.fresh[d.path] = d
		for _, i := range before[d.RunID] {
			if i.path != d.path && newItem(d.path).covers(i) {
				delete(o.fresh, i.path)
				os.Remove(i.path) // if it stays, the run is delivered twice and kept once
			}
		}
	}
	return n, others, errors.Join(err, why)
}

// earlier are the files of the same runs that wait already, by ID.
func earlier(items []item, runs []*result.Document) map[string][]item {
	put := make(map[string]bool, len(runs))
	for _, run := range runs {
		put[run.ID] = true
	}
	before := map[string][]item{}
	for _, i := range items {
		if put[i.run] {
			before[i.run] = append(before[i.run], i)
		}
	}
	return before
}

// file is the content and the path of the file for run. Earlier tries are taken over from the files in before.
func (o *Outbox) file(run *result.Document, stores []string, before []item) (d document, data []byte, err error) {
	d = document{head: head{asPacked, run.ID, float64(run.End.UnixMicro()) / 1e6, map[string]Wait{}},
		record: func() bench.Record { return run.Record }}
	packed, err := run.Packed()
	if err == nil {
		d.packed = packed.Packed
		d.Packed, err = packed.MarshalBinary()
	}
	if errors.Is(err, bench.ErrRejected) { // rejected is where people find such a run
		d.Version = asJSON
		d.Run, err = run.Line()
	}
	if err != nil {
		return d, nil, err
	}
	for _, name := range stores {
		d.Stores[name] = Wait{}
	}
	for _, i := range before {
		h, _, err := readHead(i.path, false)
		for name, w := range h.Stores {
			if _, ok := d.Stores[name]; ok && err == nil {
				d.Stores[name] = w
			}
		}
	}
	data, err = d.encode()
	d.path = item{path: filepath.Join(o.dir, "x"), run: run.ID}.pathFor(d.Stores, len(data))
	return d, data, err
}

// open reads a file, unless this process has just written it. The copy in memory is valid: another process that changes
// the file also renames it.
func (o *Outbox) open(path string) (document, error) {
	o.mu.Lock()
	d, ok := o.fresh[path]
	delete(o.fresh, path)
	o.mu.Unlock()
	if ok {
		return d, nil
	}
	return read(path)
}

// forget drops the copies in memory: files are read from the disk again.
func (o *Outbox) forget() {
	o.mu.Lock()
	defer o.mu.Unlock()
	clear(o.fresh)
}

// abandoned is the age at which an unfinished file counts as left by a process that was killed.
const abandoned = time.Hour

// used is how many bytes the waiting runs take. Rejected runs do not count. used also removes files that killed
// processes left.
func (o *Outbox) used() (sum int64, items []item, err error) {
	items, _, left, err := list(o.dir)
	if err != nil {
		return 0, nil, err
	}
	for _, i := range items {
		if i.size < 0 {
			i.size = 0
			if info, err := os.Stat(i.path); err == nil {
				i.size = info.Size()
			}
		}
		sum += i.size
	}
	_, _, more, err := list(o.rejected())
	for _, path := range append(left, more...) {
		if info, err := os.Lstat(path); err == nil && time.Since(info.ModTime()) > abandoned {
			os.Remove(path) // if the file stays, nothing is lost
		}
	}
	return sum, items, err
}

// save writes d to the path for its stores, and removes the file from which d was read.
func (d *document) save() error {
	data, err := d.encode()
	if err != nil {
		return err
	}
	from := d.path
	to := newItem(from).pathFor(d.Stores, len(data))
	if err := write(to, data); err != nil {
		return err
	}
	if d.path = to; from != to {
		return remove(from)
	}
	return nil
}

// reject moves the run to rejected, for one store that will never take it. The name there has a hash of the run:
// another run of the same ID replaces none.
func (o *Outbox) reject(d document, store string, reason error) error {
	sum := sha256.Sum256(slices.Concat(d.Packed, d.Run))
	to := item{path: filepath.Join(o.rejected(), "x"), run: newItem(d.path).run,
		unique: "_" + hex.EncodeToString(sum[:8])}
	w := d.Stores[store]
	w.Tries, w.Error, w.At = w.Tries+1, reason.Error(), time.Now().UTC()
	d.Stores = map[string]Wait{store: w}
	data, err := d.encode()
	if err != nil {
		return err
	}
	path := to.pathFor(d.Stores, len(data))
	if err := write(path, data); err != nil {
		return err
	}
	// The name has the size, too, and what stands there of the try before is seldom as long.
	prefix, _, _ := strings.Cut(path, "_"+ofSize)
	before, _ := filepath.Glob(prefix + "_" + ofSize + "*" + to.unique + ".json")
	for _, old := range before {
		if old != path {
			os.Remove(old)
		}
	}
	return nil
}

// setAside moves a file that cannot be read to rejected, unchanged. It replaces none there.
func (o *Outbox) setAside(path string) error {
	if err := os.MkdirAll(o.rejected(), 0o700); err != nil {
		return err
	}
	to := filepath.Join(o.rejected(), filepath.Base(path))
	if _, err := os.Lstat(to); err == nil {
		to = strings.TrimSuffix(to, ".json") + unique() + ".json"
	}
	return move(path, to)
}

// unique is the part of a name that no other file has.
func unique() string {
	return "_" + hex.EncodeToString(binary.BigEndian.AppendUint64(nil, rand.Uint64()))
}

// Retry makes rejected runs wait again. n is how many. Each gets a file of its own: another process that finishes with
// the same run removes only the file that it has read.
func (o *Outbox) Retry() (n int, err error) {
	items, _, _, err := list(o.rejected())
	if err != nil {
		return 0, err
	}
	for _, i := range items {
		d, err := read(i.path)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, errDamaged) || errors.Is(err, errNewer) {
			continue
		}
		if err != nil {
			return n, err
		}
		again := item{path: filepath.Join(o.dir, "x"), run: i.run, unique: unique()}
		for name, w := range d.Stores { // the count of faults begins again
			w.Faults, w.Since = 0, time.Time{}
			d.Stores[name] = w
		}
		data, err := d.encode()
		if err != nil {
			return n, err
		}
		if err := write(again.pathFor(d.Stores, len(data)), data); err != nil {
			return n, err
		}
		if err := remove(i.path); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}
