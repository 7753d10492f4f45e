package outbox

import (
	"cmp"
	"errors"
	"io/fs"
	"slices"
	"strings"
)

// Waiting are the runs that a store does not have yet, oldest first. Only the head of each file is read. A file that
// cannot be read is an Entry with the error under the store "".
func (o *Outbox) Waiting() ([]Entry, error) { return entries(o.dir) }

// Rejected are the runs that a store will never take: an Entry for each run and store, with the reason.
func (o *Outbox) Rejected() ([]Entry, error) { return entries(o.rejected()) }

// Count is how many runs wait. It opens no file.
func (o *Outbox) Count() (int, error) {
	items, _, _, err := list(o.dir)
	return len(items), err
}

func entries(dir string) ([]Entry, error) {
	items, odd, _, err := list(dir)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(items, byPath) // run IDs begin with the time of the run
	return append(entriesOf(items), oddEntries(dir, odd)...), nil
}

// entriesOf reads the heads of files.
func entriesOf(items []item) (out []Entry) {
	for _, i := range items {
		e := Entry{Path: i.path}
		h, size, err := readHead(i.path, true)
		if errors.Is(err, fs.ErrNotExist) { // another process has delivered it meanwhile
			continue
		}
		e.Size, e.RunID, e.Ended, e.Stores, e.unread = size, cmp.Or(h.RunID, i.run), h.Ended, h.Stores, err
		if err != nil {
			e.RunID, e.Stores = "", map[string]Wait{"": {Error: err.Error()}}
		}
		out = append(out, e)
	}
	return out
}

func oddEntries(dir string, odd []string) (out []Entry) {
	for _, text := range odd {
		out = append(out, Entry{Path: dir, Stores: map[string]Wait{"": {Error: text}}, unread: errors.New(text)})
	}
	return out
}

// Overview is the content of a folder of the outbox, from the names of its files. A few files are read, too.
type Overview struct {
	Runs   int
	Bytes  int64          // runs without a size in the name are not counted
	For    map[string]int // runs by the store that does not have them
	Oldest []Entry        // the oldest runs, and other things in the folder
}

// Waiting is an Overview of the waiting runs, with the oldest most of them. Other files are not opened: thousands may
// wait.
func (c *Courier) Waiting(most int) (Overview, error) { return c.overview(c.box.dir, most) }

// Rejected is an Overview of the runs that a store will never take.
func (c *Courier) Rejected(most int) (Overview, error) { return c.overview(c.box.rejected(), most) }

func (c *Courier) overview(dir string, most int) (v Overview, err error) {
	items, odd, _, err := list(dir)
	if err != nil {
		return v, err
	}
	byTags := map[string]int{}
	var unnamed []item // names without the tags of known stores
	for _, i := range items {
		v.Bytes += max(i.size, 0)
		if i.tags == "" {
			i.tags = strings.TrimPrefix(i.unique, "_") // older versions named rejected runs so
		}
		if n, known := byTags[i.tags]; known || c.named(i) {
			byTags[i.tags] = n + 1
		} else {
			unnamed = append(unnamed, i)
		}
	}
	v.Runs, v.For = len(items), map[string]int{}
	for tags, n := range byTags {
		for _, name := range c.byTags[tags] {
			v.For[name] += n
		}
	}
	for _, e := range entriesOf(unnamed) {
		for name := range e.Stores {
			v.For[name]++
		}
	}
	delete(v.For, "") // files that cannot be read
	v.Oldest = append(entriesOf(oldest(items, most)), oddEntries(dir, odd)...)
	return v, nil
}

func (c *Courier) named(i item) bool {
	_, ok := c.names(i)
	return ok
}

// oldest are the first most items, sorted by path.
func oldest(items []item, most int) []item {
	first := make([]item, 0, most+1)
	for _, i := range items {
		if len(first) == most && (most == 0 || byPath(first[most-1], i) < 0) {
			continue
		}
		at, _ := slices.BinarySearchFunc(first, i, byPath)
		first = slices.Insert(first, at, i)
		first = first[:min(len(first), most)]
	}
	return first
}
