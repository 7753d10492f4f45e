package outbox

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// known is what the outbox remembers of a name of a store. It decides whether the name may be a misspelling.
type known struct {
	Name string    `json:"name"`
	Used time.Time `json:"used"` // first run put for the store since one was put for another store of its kind alone
	Took bool      `json:"took"` // the store took a run
	Back bool      `json:"back"` // was in use, then another of its kind alone, then this one again: both are in use
}

// real reports whether the store took a run or is still in use. If the file about it cannot be read, it is true.
func (k known) real() bool { return k.Took || k.Back }

func (o *Outbox) knownPath(tag string) string { return filepath.Join(o.dir, storesDir, tag+".json") }

// known reads what is remembered of a store. If the file cannot be read, the name counts as right.
func (o *Outbox) known(name string) known {
	k, ok := readKnown(o.knownPath(tag(name)))
	if !ok || k.Name != name {
		return known{Name: name, Took: ok}
	}
	return k
}

// readKnown reads a file; !ok = there is none.
func readKnown(path string) (k known, ok bool) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return k, false
	}
	var data []byte
	if err == nil && info.Mode().IsRegular() { // reading a pipe would wait for its writer
		data, err = os.ReadFile(path)
	}
	if err != nil || json.Unmarshal(data, &k) != nil {
		k.Took = true
	}
	return k, true
}

// remember writes k, but not durably: if a power cut loses it, the user is asked once more, and no run is lost.
func (o *Outbox) remember(k known) {
	path := o.knownPath(tag(k.Name))
	data, err := json.Marshal(k)
	if err != nil || os.MkdirAll(filepath.Dir(path), 0o700) != nil {
		return
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), unfinished+"*")
	if err != nil {
		return
	}
	_, err = tmp.Write(data)
	if errors.Join(err, tmp.Close()) != nil || os.Rename(tmp.Name(), path) != nil {
		os.Remove(tmp.Name())
	}
}

// allKnown are the stores that were ever used.
func (o *Outbox) allKnown() (list []known) {
	files, _ := filepath.Glob(filepath.Join(o.dir, storesDir, "*.json"))
	for _, path := range files {
		if k, ok := readKnown(path); ok {
			list = append(list, k)
		}
	}
	return list
}

// use notes that runs are put for these stores. It writes a file only if the order in which stores were last used
// changes: so a run a minute for the same stores writes no further file.
func (o *Outbox) use(names []string) {
	all, now := o.allKnown(), time.Now().UTC()
	for _, name := range names {
		if !slices.ContainsFunc(all, func(k known) bool { return k.Name == name }) {
			all = append(all, known{Name: name}) // the store was never used
		}
	}
	for _, name := range names {
		k := o.known(name)
		kind, _, _ := strings.Cut(name, ":")
		last, back := !k.Used.IsZero(), false
		for _, other := range all {
			switch {
			case other.Name == name || !strings.HasPrefix(other.Name, kind+":"):
			case slices.Contains(names, other.Name):
				last = last && other.Used.Equal(k.Used)
			default:
				last = last && other.Used.Before(k.Used)
				back = back || !k.Used.IsZero() && other.Used.After(k.Used)
			}
		}
		if last {
			continue
		}
		k.Back, k.Used = k.Back || back, now
		o.remember(k)
	}
}

// took notes that a store took a run.
func (o *Outbox) took(name string) {
	if k := o.known(name); !k.Took {
		k.Took = true
		o.remember(k)
	}
}
