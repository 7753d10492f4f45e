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
	// Read opens the store for reading and makes none; nil = use Open.
	Read func(context.Context) (bench.Store, error)
	File string // path of a store on this machine; "" = the store is a service
	// Like says whether another name may mean this store; nil = no other name does.
	Like func(name string) bench.Likeness
}

// Failure is an error of one run.
type Failure struct {
	RunID, Store string // "" = not known
	Err          error
	Final        bool // the run lies in rejected; false = the run still waits
	Unnoted      bool // Err is about the outbox, which could not note the result
}

// Outcome is the result of a delivery.
type Outcome struct {
	Delivered int // runs that all their stores have now
	Waiting   int // runs that still wait
	Failures  []Failure
	Off       []string          // stores that runs wait for and that were not among the targets, sorted
	Corrected map[string]string // misspelt names, and the names of the targets that they stand for
	Odd       []string          // other things than files in the outbox: path and kind
}

// Courier delivers runs to stores. Its user closes it.
type Courier struct {
	box     *Outbox
	targets []Target
	timeout time.Duration // of a try, for one run and one store
	open    map[int]bench.Store
	down    map[int]error // by target: why the target is not asked again
	inRow   map[int]int   // by target: runs in a row at which the target failed
	took    map[int]bool  // targets that took a run
	failed  map[offer]failure
	moved   map[string]int
	way     map[string]int      // by name: index of the target that the name stands for; -1 = none
	tags    map[string]string   // names of stores by their tags
	byTags  map[string][]string // names of stores by item.tags
	guessed map[string]string   // Outcome.Corrected
}

// To makes a Courier to targets. A try to save one run in one store may take timeout.
func (o *Outbox) To(targets []Target, timeout time.Duration) *Courier {
	c := &Courier{
		box: o, targets: targets, timeout: timeout, open: map[int]bench.Store{}, down: map[int]error{},
		inRow: map[int]int{}, took: map[int]bool{}, failed: map[offer]failure{},
		moved: map[string]int{}, way: map[string]int{}, tags: map[string]string{},
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

// Readdress redirects the runs that wait for the store called was to target.
func (c *Courier) Readdress(was, target string) {
	c.moved[was] = slices.IndexFunc(c.targets, func(t Target) bool { return t.Name == target })
	c.tags[tag(was)] = was
	clear(c.way)
}

// For is the name of the target that gets the runs that wait for the store called name.
func (c *Courier) For(name string) (target string, ok bool) {
	if i := c.target(name); i >= 0 {
		return c.targets[i].Name, true
	}
	return "", false
}

// target finds the target that name stands for; -1 = there is none. That is the target with this name, or the target of
// which name is another spelling. Otherwise name may be a misspelling of a single target: but not if a store of this
// name ever took a run, or is in use.
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

// only is the only target that is like name; -1 = there is none, or there are several.
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

// Deliver offers each waiting run to the stores that do not have it. The runs in first come before all others. The
// others come in the order of the last change of their files: so a run that a store cannot take does not hold up the
// rest. A store that cannot be reached is asked once, and no more files are opened for it. A run at which a store
// failed twice is not offered to the store again by the same Courier. If a result cannot be noted in the outbox, as on
// a full disk, that is a Failure: at worst, a store is offered a run again. Deliver returns when ctx ends.
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

// names are the stores that i waits for, from the tags in its name. ok is false if the file has to be read. The result
// is kept by tags: thousands of files may wait for the same stores.
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

// worthIt reports whether the file of i may wait for a store that can be reached.
func (c *Courier) worthIt(i item) bool {
	names, ok := c.names(i)
	return !ok || slices.ContainsFunc(names, func(name string) bool {
		t := c.target(name)
		return t >= 0 && c.vain(i.run, t) == nil
	})
}

// item offers the run in one file.
func (c *Courier) item(ctx context.Context, i item, out *Outcome) {
	if i.tags == "" {
		i = c.tagged(i)
	}
	if !c.worthIt(i) {
		names, _ := c.names(i)
		c.stays(out, names)
		for _, name := range names {
			if t := c.target(name); t >= 0 {
				out.Failures = append(out.Failures,
					Failure{RunID: i.run, Store: c.targets[t].Name, Err: c.vain(i.run, t)})
			}
		}
		return
	}
	d, err := c.box.open(i.path)
	switch {
	case errors.Is(err, fs.ErrNotExist): // another process has delivered it meanwhile
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

// tagged renames a file of an older version, so that its name contains the tags of its stores.
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

// unreadable notes why a file cannot be read. A damaged file moves to rejected.
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

// stays notes a run that still waits, and the stores without a target that the run waits for.
func (c *Courier) stays(out *Outcome, names []string) {
	out.Waiting++
	for _, name := range names {
		if !slices.Contains(out.Off, name) && c.target(name) < 0 {
			out.Off = append(out.Off, name)
		}
	}
}

// one offers the run of d to its stores. done says that no store has to get the run any more, refused that a store
// refused the run for ever.
func (c *Courier) one(ctx context.Context, d *document, out *Outcome) (done, refused bool) {
	id := d.RunID
	changed := false
	for t, names := range c.waiting(d.Stores) {
		if len(names) == 0 {
			continue
		}
		err, asked := d.wrong, true
		if d.wrong == nil {
			if err = c.vain(id, t); err != nil {
				asked = false
			} else {
				err = c.offer(ctx, t, d)
			}
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
					continue // the run still waits
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

// maxInRow is after how many failed runs in a row a store is not asked any more.
const maxInRow = 10

// A store counts as refusing a run after so many failed tries over so long a time, if the store took other runs each
// time.
const (
	maxFaults = 10
	faultTime = 24 * time.Hour
)
