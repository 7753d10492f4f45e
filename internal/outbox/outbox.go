// Package outbox keeps runs on disk until every store has them: what was measured is not lost
// because a store is away. It knows no store by itself, and delivers only when it is told to.
package outbox

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/result"
)

// ErrFull is wrapped by Put when the outbox has no room. Nothing is removed to make some.
var ErrFull = errors.New("the outbox is full")

// Outbox is a folder: a file a run that waits, the folder rejected of those that a store will never take, and the
// folder stores of what is known of the stores. Several processes may use it: what two of them deliver at once is kept
// once, for Store.Save is idempotent.
type Outbox struct {
	dir string
	max int64 // bytes of all files

	mu    sync.Mutex
	fresh map[string]document // by path: what was put since the last delivery, so that nobody has to read it again
}

// Open uses dir; it is made when something is put there.
func Open(dir string, maxBytes int64) *Outbox {
	return &Outbox{dir: dir, max: maxBytes, fresh: map[string]document{}}
}

// Dir is where the runs wait.
func (o *Outbox) Dir() string { return o.dir }

const (
	rejectedDir = "rejected"
	storesDir   = "stores"
)

func (o *Outbox) rejected() string { return filepath.Join(o.dir, rejectedDir) }

// Put keeps a run for the stores named. When it returns nil the run is on the disk.
func (o *Outbox) Put(run *result.Document, stores []string) error {
	_, err := o.PutAll(context.Background(), []*result.Document{run}, stores)
	return err
}

// PutAll keeps runs for the stores named. The first n of them are on the disk when it returns; an error says why the
// next is not. Many runs cost little more than one: the disk is asked once to have them all. Whoever ends ctx before
// that does not wait for the disk: then none of them is kept, and the error is ctx's cause.
func (o *Outbox) PutAll(ctx context.Context, runs []*result.Document, stores []string) (n int, err error) {
	used, items, err := o.used()
	if err != nil {
		return 0, err
	}
	before := earlier(items, runs)
	b, err := newBatch(o.dir, len(runs) >= batchFrom)
	if err != nil {
		return 0, err
	}
	defer b.drop()
	o.use(stores)
	var why error
	var put []document
	for _, run := range runs {
		var d document
		var data []byte
		d, data, why = o.file(run, stores, before[run.ID])
		if why == nil && used+int64(len(data)) > o.max {
			why = fmt.Errorf("%w: what waits in %s takes %.1f of %d MB, and this run %.1f more",
				ErrFull, o.dir, float64(used)/(1<<20), o.max>>20, float64(len(data))/(1<<20))
		}
		if why == nil {
			why = b.add(d.path, data)
		}
		if ctx.Err() != nil {
			return 0, context.Cause(ctx)
		}
		if why != nil {
			break
		}
		used += int64(len(data))
		put = append(put, d)
	}
	n, err = b.commit()
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, d := range put[:n] {
		o.fresh[d.path] = d
		for _, i := range before[d.RunID] {
			if i.path != d.path && newItem(d.path).covers(i) {
				delete(o.fresh, i.path)
				os.Remove(i.path) // if it cannot be, the run is delivered twice, and kept once
			}
		}
	}
	return n, errors.Join(err, why)
}

// earlier are the files of runs that wait already, by run.
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

// file is what is written of run, and where. What happened so far is told by the files of before.
func (o *Outbox) file(run *result.Document, stores []string, before []item) (d document, data []byte, err error) {
	d = document{head: head{asPacked, run.ID, float64(run.End.UnixMicro()) / 1e6, map[string]Wait{}},
		record: func() bench.Record { return run.Record }}
	packed, err := run.Packed()
	if err == nil {
		d.packed = packed.Packed
		d.Packed, err = packed.MarshalBinary()
	}
	if errors.Is(err, bench.ErrRejected) { // the stores will say so, and then it lies in rejected, where people find it
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

// open reads a file, unless this process has just written it. What is in the file is all that another process changes
// of it, and that gives it another name.
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

// forget lets what was put be read from the disk from now on: it need not stay in memory.
func (o *Outbox) forget() {
	o.mu.Lock()
	defer o.mu.Unlock()
	clear(o.fresh)
}

// abandoned is how old a file may be that is still being written. One that is older was left by a process that was
// killed.
const abandoned = time.Hour

// used is how many bytes the runs take that wait. What was refused for ever holds up no other run. What killed
// processes left is removed on the way.
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
			os.Remove(path) // if it cannot be, nothing is lost
		}
	}
	return sum, items, err
}

// unfinished is how the names of files begin that are being written.
const unfinished = ".new-"

// batchFrom is how many files are written before one sync of the file system is cheaper than one for each of them.
const batchFrom = 8

// batch writes files into one folder, each in one step and durably: after a power cut there is the old file or the new
// one.
type batch struct {
	dir    string
	atOnce bool        // one sync is for all files
	files  [][2]string // where each is now, and where it belongs
}

func newBatch(dir string, many bool) (*batch, error) {
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, err
		}
		if err := syncDir(filepath.Dir(dir)); err != nil { // the folder is as new as the file
			return nil, err
		}
	}
	return &batch{dir: dir, atOnce: many && canSyncAll}, nil
}

func (b *batch) add(path string, data []byte) error {
	tmp, err := os.CreateTemp(b.dir, unfinished+"*")
	if err != nil {
		return err
	}
	if _, err = tmp.Write(data); err == nil && !b.atOnce {
		err = tmp.Sync() // before it has its name: under that name no half of it is ever found
	}
	if err = errors.Join(err, tmp.Close()); err != nil {
		os.Remove(tmp.Name())
		return err
	}
	b.files = append(b.files, [2]string{tmp.Name(), path})
	return nil
}

// commit puts the files into their places; the first n are there when it returns.
func (b *batch) commit() (n int, err error) {
	if b.atOnce {
		if err := syncAll(b.dir); err != nil {
			return 0, err
		}
	}
	for _, f := range b.files {
		if err = os.Rename(f[0], f[1]); err != nil {
			break
		}
		n++
	}
	b.files = b.files[n:]
	if n == 0 {
		return 0, err
	}
	if failed := syncDir(b.dir); failed != nil { // else the names may be gone after a power cut, and the runs with them
		return 0, errors.Join(err, failed)
	}
	return n, err
}

// drop removes what is not in its place.
func (b *batch) drop() {
	for _, f := range b.files {
		os.Remove(f[0])
	}
}

// write puts data at path in one step, durably.
func write(path string, data []byte) error {
	b, err := newBatch(filepath.Dir(path), false)
	if err != nil {
		return err
	}
	defer b.drop()
	if err := b.add(path, data); err != nil {
		return err
	}
	_, err = b.commit()
	return err
}

// syncDir makes a rename durable, where a folder can be synced.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// remove takes the file away; another process may have done so.
func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// save writes d where a file for its stores lies, and takes away the one that it was read from.
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

// reject puts what store will never take aside.
func (o *Outbox) reject(d document, store string, reason error) error {
	d.path = filepath.Join(o.rejected(), newItem(d.path).run+"_"+tag(store)+".json")
	w := d.Stores[store]
	w.Tries, w.Error, w.At = w.Tries+1, reason.Error(), time.Now().UTC()
	d.Stores = map[string]Wait{store: w}
	data, err := d.encode()
	if err != nil {
		return err
	}
	return write(d.path, data)
}

// setAside puts a file that nobody can read among the rejected, as it is.
func (o *Outbox) setAside(path string) error {
	if err := os.MkdirAll(o.rejected(), 0o700); err != nil {
		return err
	}
	return move(path, filepath.Join(o.rejected(), filepath.Base(path)))
}

// Retry lets what was rejected wait again; it returns how many. Each goes as a file of its own: another process that
// has just done with the same run removes the file that it has read, and no other.
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
		again := item{path: filepath.Join(o.dir, "x"), run: i.run, unique: "_" +
			hex.EncodeToString(binary.BigEndian.AppendUint64(nil, rand.Uint64()))}
		for name, w := range d.Stores { // each begins anew
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

// move renames a file, durably; another process may have done so.
func move(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	return errors.Join(syncDir(filepath.Dir(to)), syncDir(filepath.Dir(from)))
}
