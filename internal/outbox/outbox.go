// Package outbox keeps runs on disk until every store has them: what was measured is not lost
// because a store is away. It knows no store by itself, and delivers only when it is told to.
package outbox

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/result"
)

// ErrFull is wrapped by Put when the outbox has no room. Nothing is removed to make some.
var ErrFull = errors.New("the outbox is full")

// Outbox is a folder: a file a run that waits, and the folder rejected of those that a store will never take.
// Several processes may use it: what two of them deliver at once is kept once, for Store.Save is idempotent.
type Outbox struct {
	dir string
	max int64 // bytes of all files
}

// Open uses dir; it is made when something is put there.
func Open(dir string, maxBytes int64) *Outbox { return &Outbox{dir, maxBytes} }

// Dir is where the runs wait.
func (o *Outbox) Dir() string { return o.dir }

// Wait is what happened so far with one store.
type Wait struct {
	Tries int       `json:"tries"`
	Error string    `json:"error,omitempty"` // of the last try
	At    time.Time `json:"at,omitzero"`     // of the last try
}

// Entry says of one run that it waits. Its pings stay in the file: thousands of runs may wait on a small machine.
type Entry struct {
	Version int             `json:"outbox"`
	Stores  map[string]Wait `json:"stores"` // that do not have it yet
	Run     struct {
		Metadata result.Metadata `json:"metadata"`
	} `json:"run"`

	Path string `json:"-"`
	Size int64  `json:"-"`

	unread error // why the file could not be read
}

// document is a whole file of the outbox, as JSON; rtcbench import reads it too.
type document struct {
	Version int             `json:"outbox"`
	Stores  map[string]Wait `json:"stores"`
	Run     result.File     `json:"run"`

	path string
}

const version = 1

// Put keeps run for the stores named. When it returns nil the run is on the disk.
func (o *Outbox) Put(run bench.Run, stores []string) error {
	f, err := result.New(run)
	if err != nil {
		return err
	}
	d := document{Version: version, Stores: map[string]Wait{}, Run: f, path: filepath.Join(o.dir, run.ID+".json")}
	for _, name := range stores {
		d.Stores[name] = Wait{}
	}
	data, err := json.Marshal(d)
	if err != nil {
		return err
	}
	used, err := o.used()
	if err != nil {
		return err
	}
	if used+int64(len(data)) > o.max {
		return fmt.Errorf("%w: what waits in %s takes %.1f of %d MB, and this run %.1f more; see rtcbench store status, and deliver with rtcbench store flush", ErrFull, o.dir, float64(used)/(1<<20), o.max>>20, float64(len(data))/(1<<20))
	}
	return write(d.path, data)
}

// abandoned is how old a file may be that is still being written. One that is older was left by a process that was killed.
const abandoned = time.Hour

// used is how many bytes the runs take that wait. What was refused for ever holds up no other run. What killed processes left is removed on the way.
func (o *Outbox) used() (sum int64, err error) {
	for _, dir := range []string{o.dir, o.rejected()} {
		files, err := os.ReadDir(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return 0, err
		}
		for _, f := range files {
			info, err := f.Info()
			switch {
			case err != nil || !info.Mode().IsRegular():
			case !strings.HasPrefix(f.Name(), unfinished):
				if dir == o.dir {
					sum += info.Size()
				}
			case time.Since(info.ModTime()) > abandoned:
				os.Remove(filepath.Join(dir, f.Name())) // if it cannot be, nothing is lost
			}
		}
	}
	return sum, nil
}

// unfinished is how the names of files begin that are being written.
const unfinished = ".new-"

func (o *Outbox) rejected() string { return filepath.Join(o.dir, "rejected") }

// write puts data at path in one step, durably: after a power cut there is the old file or the new one.
func write(path string, data []byte) (err error) {
	dir := filepath.Dir(path)
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
		if err := syncDir(filepath.Dir(dir)); err != nil { // the folder is as new as the file
			return err
		}
	}
	tmp, err := os.CreateTemp(dir, unfinished+"*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			tmp.Close()
			os.Remove(tmp.Name())
		}
	}()
	if _, err = tmp.Write(data); err != nil {
		return err
	}
	if err = errors.Join(tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	if err = os.Rename(tmp.Name(), path); err != nil {
		return err
	}
	return syncDir(dir)
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

// Waiting are the runs that some store does not have yet, oldest first. A file that cannot be read is an
// Entry whose Run is empty, with the reason as the store "".
func (o *Outbox) Waiting() ([]Entry, error) { return entries(o.dir) }

// Rejected are the runs that a store will never take, one Entry a store, with its reason.
func (o *Outbox) Rejected() ([]Entry, error) { return entries(o.rejected()) }

func entries(dir string) (list []Entry, err error) {
	files, err := os.ReadDir(dir) // by name: run IDs begin with their time
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".json") || strings.HasPrefix(f.Name(), ".") {
			continue
		}
		path := filepath.Join(dir, f.Name())
		e := Entry{Path: path}
		e.Size, err = read(path, &e, &e.Version)
		switch {
		case errors.Is(err, fs.ErrNotExist): // delivered meanwhile
			continue
		case err != nil:
			e = Entry{Path: path, Size: e.Size, Stores: map[string]Wait{"": {Error: err.Error()}}, unread: err}
		}
		list = append(list, e)
	}
	return list, nil
}

var (
	errNewer   = errors.New("a newer rtcbench may read it")
	errDamaged = errors.New("it cannot be read") // now and for ever, for what is in it; what the system says of a file may pass
)

// read reads the file at path into an Entry or a document, of which v is the version.
func read(path string, into any, v *int) (size int64, err error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	size = int64(len(data))
	if err := json.Unmarshal(data, into); err != nil {
		return size, fmt.Errorf("%w: %w", errDamaged, err)
	}
	if *v > version {
		return size, fmt.Errorf("it has version %d and this rtcbench knows %d: %w", *v, version, errNewer)
	}
	if *v != version {
		return size, fmt.Errorf("%w: it is no run that waits", errDamaged)
	}
	return size, nil
}

// Names are the stores that e waits for, sorted.
func (e Entry) Names() []string {
	var names []string
	for name := range e.Stores {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// remove takes the file away; another process may have done so.
func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func (d document) save() error {
	data, err := json.Marshal(d)
	if err != nil {
		return err
	}
	return write(d.path, data)
}

// reject puts what store will never take aside.
func (o *Outbox) reject(d document, store string, reason error) error {
	sum := sha256.Sum256([]byte(store))
	d.path = filepath.Join(o.rejected(), stem(d.path)+"_"+hex.EncodeToString(sum[:4])+".json")
	d.Stores = map[string]Wait{store: {Tries: d.Stores[store].Tries + 1, Error: reason.Error(), At: time.Now().UTC()}}
	return d.save()
}

// stem is the name of a file without what reject and Retry have put behind it.
func stem(path string) string {
	name, _, _ := strings.Cut(strings.TrimSuffix(filepath.Base(path), ".json"), "_")
	return name
}

// setAside puts a file that nobody can read among the rejected, as it is.
func (o *Outbox) setAside(path string) error {
	if err := os.MkdirAll(o.rejected(), 0o700); err != nil {
		return err
	}
	return move(path, filepath.Join(o.rejected(), filepath.Base(path)))
}

// Retry lets what was rejected wait again; it returns how many. Each goes as a file of its own: another process that has just
// done with the same run removes the file that it has read, and no other.
func (o *Outbox) Retry() (n int, err error) {
	list, err := o.Rejected()
	if err != nil {
		return 0, err
	}
	for _, e := range list {
		if e.Version != version { // cannot be read
			continue
		}
		name := strings.TrimSuffix(filepath.Base(e.Path), ".json") + "_" + hex.EncodeToString(binary.BigEndian.AppendUint64(nil, rand.Uint64())) + ".json"
		if err := move(e.Path, filepath.Join(o.dir, name)); err != nil {
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

// Target is a store that runs are delivered to.
type Target struct {
	Name string
	Open func(context.Context) (bench.Store, error) // called once there is something to deliver
}
