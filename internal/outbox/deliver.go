package outbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"rtcbench/bench"
)

// Target is a store that runs are delivered to.
type Target struct {
	Name string
	Open func(context.Context) (bench.Store, error) // called once there is something to deliver
	// Read opens the store to read, and makes none; nil = Open does so.
	Read func(context.Context) (bench.Store, error)
	File string // of a store on this machine; "" = the store is a service
	// Like says what another name has to do with Name; nil = no other name has.
	Like func(name string) bench.Likeness
}

// Failure is what went wrong with one run.
type Failure struct {
	RunID, Store string // "" = not known
	Err          error
	Final        bool // the run lies in rejected; otherwise it waits for the next time
	Unnoted      bool // Err is about the outbox: what became of the run could not be noted there
}

// Outcome is what a delivery did.
type Outcome struct {
	Delivered int // runs that every store has now
	Waiting   int // runs that still wait
	Failures  []Failure
	Off       []string          // stores that runs wait for and that were not among the targets, sorted
	Corrected map[string]string // names that were taken for misspellings, with the names of the targets
	Odd       []string          // what lies in the outbox and is no file, each with what it is
}

// Courier offers runs to stores. Close it.
type Courier struct {
	box     *Outbox
	targets []Target
	timeout time.Duration // for one run and one store
	open    map[int]bench.Store
	down    map[int]error // targets that are not asked again
	inRow   map[int]int   // runs at which a target failed since it took one
	took    map[int]bool  // targets that took a run
	moved   map[string]int
	way     map[string]int      // which target a name stands for; -1 = none
	tags    map[string]string   // names by their tags
	byTags  map[string][]string // the same, by item.tags
	guessed map[string]string   // Outcome.Corrected
}

// To makes a courier to targets; each try may take timeout.
func (o *Outbox) To(targets []Target, timeout time.Duration) *Courier {
	c := &Courier{
		box: o, targets: targets, timeout: timeout, open: map[int]bench.Store{}, down: map[int]error{},
		inRow: map[int]int{},
		took:  map[int]bool{}, moved: map[string]int{}, way: map[string]int{}, tags: map[string]string{},
		byTags: map[string][]string{}, guessed: map[string]string{},
	}
	for _, t := range targets {
		c.tags[tag(t.Name)] = t.Name
	}
	return c
}

// Close closes the stores that were opened.
func (c *Courier) Close() error {
	var errs []error
	for _, s := range c.open {
		errs = append(errs, s.Close())
	}
	return errors.Join(errs...)
}

// Readdress lets what waits for the store called was go to the target of that name.
func (c *Courier) Readdress(was, target string) {
	c.moved[was] = slices.IndexFunc(c.targets, func(t Target) bool { return t.Name == target })
	c.tags[tag(was)] = was
	clear(c.way)
}

// For is the target to which what waits for the store called name goes.
func (c *Courier) For(name string) (target string, ok bool) {
	if i := c.target(name); i >= 0 {
		return c.targets[i].Name, true
	}
	return "", false
}

// target finds the target that a name stands for: that of the name; that of which the name is another spelling; or the
// only one of which it may be a misspelling, if no store of that name ever took a run, and none is in use.
func (c *Courier) target(name string) int {
	if i, ok := c.way[name]; ok {
		return i
	}
	i := slices.IndexFunc(c.targets, func(t Target) bool { return t.Name == name })
	if moved, ok := c.moved[name]; ok && i < 0 {
		i = moved
	}
	if i < 0 {
		i = c.only(name, bench.Same)
	}
	if i < 0 {
		if i = c.only(name, bench.Near); i >= 0 && c.box.known(name).real() {
			i = -1
		}
		if i >= 0 {
			c.guessed[name] = c.targets[i].Name
		}
	}
	c.way[name] = i
	return i
}

// only is the one target that is like name; -1 = there is none, or there are several.
func (c *Courier) only(name string, like bench.Likeness) (found int) {
	found = -1
	for i, t := range c.targets {
		if t.Like == nil || t.Like(name) != like {
			continue
		}
		if found >= 0 {
			return -1
		}
		found = i
	}
	return found
}

// Deliver offers every run that waits to the stores that do not have it: those called first before all others, then
// those whose files have been touched least lately, so that none which a store cannot digest stands before the rest. A
// store that is away is asked once, and then no file is opened for it. What cannot be noted in the outbox, as on a full
// disk, is a Failure, and the rest goes on: at worst a store is offered again what it has. Deliver returns by ctx's
// end.
func (c *Courier) Deliver(ctx context.Context, first ...string) (out Outcome, err error) {
	defer c.box.forget()
	items, odd, _, err := list(c.box.dir)
	out.Odd = odd
	if err != nil {
		return out, err
	}
	n := 0
	for i := range items {
		if slices.Contains(first, items[i].run) {
			items[n], items[i] = items[i], items[n]
			n++
		}
	}
	mine, others := items[:n], items[n:]
	slices.SortFunc(mine, byPath)
	for _, i := range mine {
		c.item(ctx, i, &out)
	}
	if slices.ContainsFunc(others, c.worthIt) {
		touched := make(map[string]time.Time, len(others))
		for _, i := range others {
			if info, err := os.Stat(i.path); err == nil {
				touched[i.path] = info.ModTime()
			}
		}
		slices.SortFunc(others, func(a, b item) int {
			return cmp.Or(touched[a.path].Compare(touched[b.path]), byPath(a, b))
		})
	}
	for _, i := range others {
		c.item(ctx, i, &out)
	}
	slices.Sort(out.Off)
	out.Corrected = c.guessed
	return out, nil
}

// names are the stores that i waits for, as far as its name tells; !ok = its file has to be read. Thousands of files
// may wait for the same ones.
func (c *Courier) names(i item) (names []string, ok bool) {
	if names, ok := c.byTags[i.tags]; ok || i.tags == "" {
		return names, ok
	}
	for t := range strings.SplitSeq(i.tags, betweenTags) {
		name, ok := c.tags[t]
		if !ok {
			k, found := readKnown(c.box.knownPath(t))
			if !found || tag(k.Name) != t {
				return nil, false
			}
			name = k.Name
			c.tags[t] = name
		}
		names = append(names, name)
	}
	c.byTags[i.tags] = names
	return names, true
}

// worthIt reports whether i's file has to be opened: it may wait for a store that can be asked.
func (c *Courier) worthIt(i item) bool {
	names, ok := c.names(i)
	return !ok || slices.ContainsFunc(names, func(name string) bool {
		t := c.target(name)
		return t >= 0 && c.down[t] == nil
	})
}

// item offers the run of one file.
func (c *Courier) item(ctx context.Context, i item, out *Outcome) {
	if i.tags == "" {
		i = c.tagged(i)
	}
	if !c.worthIt(i) {
		names, _ := c.names(i)
		c.stays(out, names)
		for _, name := range names {
			if t := c.target(name); t >= 0 {
				out.Failures = append(out.Failures, Failure{RunID: i.run, Store: c.targets[t].Name, Err: c.down[t]})
			}
		}
		return
	}
	d, err := c.box.open(i.path)
	switch {
	case errors.Is(err, fs.ErrNotExist): // delivered meanwhile
		return
	case err != nil:
		c.unreadable(i, err, out)
		return
	}
	for name := range d.Stores {
		c.tags[tag(name)] = name
	}
	done, refused := c.one(ctx, &d, out)
	if done && !refused {
		out.Delivered++
	}
	if done {
		return
	}
	names := make([]string, 0, len(d.Stores))
	for name := range d.Stores {
		names = append(names, name)
	}
	c.stays(out, names)
}

// tagged gives a file of an older rtcbench the name that says for which stores it waits.
func (c *Courier) tagged(i item) item {
	h, size, err := readHead(i.path, false)
	if err != nil || len(h.Stores) == 0 {
		return i
	}
	to := i.pathFor(h.Stores, int(size))
	if _, err := os.Lstat(to); err == nil || os.Rename(i.path, to) != nil {
		return i
	}
	for name := range h.Stores {
		c.tags[tag(name)] = name
	}
	return newItem(to)
}

// unreadable says why a file cannot be read, and puts it aside if it never can be.
func (c *Courier) unreadable(i item, err error, out *Outcome) {
	where := i.path
	if errors.Is(err, errDamaged) {
		if failed := c.box.setAside(i.path); failed != nil {
			out.Failures = append(out.Failures, Failure{Err: failed, Unnoted: true})
		} else {
			where += ", now in " + c.box.rejected()
		}
	}
	final := errors.Is(err, errDamaged) || errors.Is(err, errNewer)
	if !final {
		out.Waiting++
	}
	out.Failures = append(out.Failures, Failure{Err: fmt.Errorf("%s: %w", where, err), Final: final})
}

// stays counts a run that still waits for stores.
func (c *Courier) stays(out *Outcome, names []string) {
	out.Waiting++
	for _, name := range names {
		if !slices.Contains(out.Off, name) && c.target(name) < 0 {
			out.Off = append(out.Off, name)
		}
	}
}

// one reports whether no store misses d any more, or ever will take it, and whether one will not.
func (c *Courier) one(ctx context.Context, d *document, out *Outcome) (done, refused bool) {
	id := d.RunID
	changed := false
	for t, names := range c.waiting(d.Stores) {
		if len(names) == 0 {
			continue
		}
		err, asked := d.wrong, true
		if d.wrong == nil {
			asked, err = c.offer(ctx, t, d)
		}
		final := d.wrong != nil || errors.Is(err, bench.ErrRejected)
		if asked && !final && errors.Is(err, bench.ErrFailed) && c.took[t] {
			err, final = d.fault(names, err)
		}
		if err != nil {
			out.Failures = append(out.Failures, Failure{RunID: id, Store: c.targets[t].Name, Err: err, Final: final})
		}
		for _, name := range names {
			switch {
			case err == nil:
				delete(d.Stores, name)
			case final:
				if failed := c.box.reject(*d, name, err); failed != nil {
					out.Failures = append(out.Failures,
						Failure{RunID: id, Store: c.targets[t].Name, Err: failed, Unnoted: true})
					continue // the run goes on waiting
				}
				delete(d.Stores, name)
				refused = true
			case !asked:
				continue
			default:
				w := d.Stores[name]
				w.Tries, w.Error, w.At = w.Tries+1, err.Error(), time.Now().UTC()
				d.Stores[name] = w
			}
			changed = true
		}
	}
	var err error
	switch {
	case len(d.Stores) == 0:
		done, err = true, remove(d.path)
	case changed:
		err = d.save()
	}
	if err != nil {
		out.Failures = append(out.Failures, Failure{RunID: id, Err: err, Unnoted: true})
	}
	return done, refused
}

// maxInRow is how many runs a store may fail at one after the other before it is not asked any more.
const maxInRow = 10

// A run counts as refused when its store failed at it so often, over so long a time, and took other runs each time.
const (
	maxFaults = 10
	faultTime = 24 * time.Hour
)
