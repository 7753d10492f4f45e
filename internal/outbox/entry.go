package outbox

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"rtcbench/internal/result"
)

// Wait is the state of a run for one store that does not have it.
type Wait struct {
	Tries  int       `json:"tries"`
	Error  string    `json:"error,omitempty"` // of the last try
	At     time.Time `json:"at,omitzero"`     // of the last try
	Faults int       `json:"faults,omitempty"`
	Since  time.Time `json:"since,omitzero"`
	// Faults counts the tries at which the store failed at this run and took another; Since is the time of the first.
}

// Entry describes a waiting run. The samples stay in the file: thousands of runs may wait on a small machine.
type Entry struct {
	RunID  string
	Ended  float64         // Unix seconds; 0 = the file could not be read
	Stores map[string]Wait // stores that do not have the run yet, by name
	Path   string
	Size   int64

	unread error // why the file could not be read; nil = it was read
}

// head is the part of a file before its run. Files of older versions have no RunID and no Ended.
type head struct {
	Version int             `json:"outbox"`
	RunID   string          `json:"run_id,omitempty"`
	Ended   float64         `json:"ended,omitempty"` // Unix seconds
	Stores  map[string]Wait `json:"stores"`
}

// Versions of files. In version 1 the run is JSON.
const (
	asJSON   = 1
	asPacked = 2
	version  = asPacked
)

// Names are the stores that e waits for, sorted.
func (e Entry) Names() []string {
	var names []string
	for name := range e.Stores {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// item is a file of the outbox, as far as its name describes it: RUN_for-TAG-TAG_size-BYTES.json. Each TAG stands for a
// store. A further part may distinguish two files of the same run. Names of older versions have fewer parts.
type item struct {
	path   string
	run    string
	tags   string // tags joined by "-"; "" = not in the name
	size   int64  // in bytes; -1 = not in the name
	unique string
}

const (
	forStores   = "for-"
	ofSize      = "size-"
	betweenTags = "-"
)

// tag is the tag of a store in names of files.
func tag(store string) string {
	sum := sha256.Sum256([]byte(store))
	return hex.EncodeToString(sum[:4])
}

func newItem(path string) item {
	i := item{path: path, size: -1}
	name := strings.TrimSuffix(path[strings.LastIndexByte(path, os.PathSeparator)+1:], ".json")
	for n := 0; name != ""; n++ {
		var part string
		part, name, _ = strings.Cut(name, "_")
		tags, isTags := strings.CutPrefix(part, forStores)
		digits, isSize := strings.CutPrefix(part, ofSize)
		switch {
		case n == 0:
			i.run = part
		case isTags && i.tags == "":
			i.tags = tags
		case isSize && i.size < 0:
			if size, err := strconv.ParseInt(digits, 10, 64); err == nil {
				i.size = size
			}
		default:
			i.unique += "_" + part
		}
	}
	return i
}

// covers reports whether i waits for all stores that other, a file of the same run, waits for.
func (i item) covers(other item) bool {
	if other.tags == "" {
		return false
	}
	tags := strings.Split(i.tags, betweenTags)
	return !slices.ContainsFunc(strings.Split(other.tags, betweenTags), func(t string) bool {
		return !slices.Contains(tags, t)
	})
}

// pathFor is the path of a file with i's run that has size bytes and waits for stores.
func (i item) pathFor(stores map[string]Wait, size int) string {
	var tags []string
	for name := range stores {
		tags = append(tags, tag(name))
	}
	slices.Sort(tags)
	name := i.run
	if len(tags) > 0 {
		name += "_" + forStores + strings.Join(tags, betweenTags)
	}
	return filepath.Join(filepath.Dir(i.path), fmt.Sprintf("%s_%s%d%s.json", name, ofSize, size, i.unique))
}

// list lists the files of dir that hold runs, in no order. It opens no file. odd are other things in dir, such as pipes
// and folders, with their kind. left are files that were never finished.
func list(dir string) (items []item, odd, left []string, err error) {
	switch info, err := os.Stat(dir); { // opening a pipe would wait for its writer
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil, nil, nil
	case err == nil && !info.IsDir():
		return nil, nil, nil, fmt.Errorf("%s is %s and no folder: move it away", dir, kindOf(info.Mode()))
	}
	d, err := os.Open(dir)
	if err != nil {
		return nil, nil, nil, err
	}
	defer d.Close()
	files, err := d.ReadDir(-1)
	if err != nil {
		return nil, nil, nil, err
	}
	items = make([]item, 0, len(files))
	for _, f := range files {
		path, mode := dir+string(os.PathSeparator)+f.Name(), f.Type()
		if mode&fs.ModeSymlink != 0 {
			switch info, err := os.Stat(path); {
			case err == nil:
				mode = info.Mode().Type()
			case !errors.Is(err, fs.ErrNotExist):
				mode = 0 // reading the file reports the error
			}
		}
		own := f.Name() == rejectedDir || f.Name() == storesDir
		switch {
		case own:
		case !mode.IsRegular():
			odd = append(odd, fmt.Sprintf("%s is %s and no file: it was skipped", path, kindOf(mode)))
		case strings.HasPrefix(f.Name(), unfinished):
			left = append(left, path)
		case strings.HasSuffix(f.Name(), ".json") && !strings.HasPrefix(f.Name(), "."):
			items = append(items, newItem(path))
		}
	}
	slices.Sort(odd)
	return items, odd, left, nil
}

func byPath(a, b item) int { return strings.Compare(a.path, b.path) }

func kindOf(mode fs.FileMode) string {
	switch {
	case mode.IsDir():
		return "a folder"
	case mode.IsRegular():
		return "a file"
	case mode&fs.ModeNamedPipe != 0:
		return "a named pipe"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	case mode&fs.ModeSymlink != 0:
		return "a link to nothing"
	}
	return "a device"
}

var (
	errNewer = errors.New("a newer rtcbench may read it")
	// For ever, because of the content; errors of the operating system may pass.
	errDamaged = errors.New("it cannot be read")
)

// supported is an error if this program cannot read the version of the file.
func (h head) supported() error {
	switch {
	case h.Version > version:
		return fmt.Errorf("it has version %d and this rtcbench knows %d: %w", h.Version, version, errNewer)
	case h.Version < asJSON:
		return fmt.Errorf("%w: it is no run that waits", errDamaged)
	}
	return nil
}

// readHead reads the head of a file. If ended is true, files of older versions are read on until the run's ID and end
// are known.
func readHead(path string, ended bool) (h head, size int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return h, 0, err
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil {
		size = info.Size()
	}
	return h, size, damaged(decodeHead(json.NewDecoder(f), &h, ended))
}

func decodeHead(d *json.Decoder, h *head, ended bool) error {
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return cmp.Or(err, errDamaged)
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return err
		}
		var into any = new(json.RawMessage)
		var run struct{ Metadata result.Metadata }
		switch key {
		case "outbox":
			into = &h.Version
		case "run_id":
			into = &h.RunID
		case "ended":
			into = &h.Ended
		case "stores":
			into = &h.Stores
		case "run", "packed":
			if h.RunID != "" || !ended {
				return h.supported()
			}
			if key == "run" {
				into = &run
			}
		}
		if err := d.Decode(into); err != nil {
			return err
		}
		if key == "run" {
			h.RunID, h.Ended = run.Metadata.RunID, run.Metadata.EndTime
		}
		if key == "outbox" && h.Version > version {
			return h.supported()
		}
	}
	if _, err := d.Token(); err != nil {
		return err
	}
	if err := h.supported(); err != nil || !ended || h.RunID != "" {
		return err
	}
	return fmt.Errorf("%w: there is no run in it", errDamaged)
}

// damaged wraps an error about the content of a file in errDamaged.
func damaged(err error) error {
	var path *fs.PathError
	if err == nil || errors.As(err, &path) || errors.Is(err, errNewer) || errors.Is(err, errDamaged) {
		return err
	}
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("%w: %w", errDamaged, err)
}

// read reads a whole file.
func read(path string) (d document, err error) {
	d.path = path
	data, err := os.ReadFile(path)
	if err != nil {
		return d, err
	}
	if err := json.Unmarshal(data, &d); err != nil {
		var h head // a newer version may have another format
		if newer := decodeHead(json.NewDecoder(strings.NewReader(string(data))), &h, false); errors.Is(
			newer, errNewer) {
			return d, newer
		}
		return d, damaged(err)
	}
	if err := d.supported(); err != nil {
		return d, err
	}
	return d, d.unpack()
}
