// Package recent holds in memory the runs of a store's last day: a digest of each run, series by series. The first
// request reads the store. Each later request compares the store's marks, and reads the hours that have changed. So a
// reader always gets what the store has, whichever process writes the store.
package recent

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"iter"
	"maps"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"rtcbench/bench"
)

const (
	// Window is how much of the past is held at the least, as long as it fits into most.
	Window = 24 * time.Hour
	// most is how many bytes are held. Runs for which there is no room are read from the store.
	most = 512 << 20
	// mostOlders bounds the entries of Memory.olders.
	mostOlders = 100
)

// Memory holds the runs of one store at a time. Its methods may be called at the same time.
type Memory struct {
	now  func() time.Time
	told func(edition uint64, list []bench.Digest)
	most int

	done, of atomic.Int32 // progress of the first read of a store, in hours

	turn chan struct{} // has one entry while somebody looks

	mu    sync.Mutex
	begun uint64 // number of the newest look that has begun
	seen  uint64 // number of the newest look that has succeeded
	view  View   // result of that look

	old    sync.Mutex      // held while older runs are looked at; guards olders
	olders map[int64]older // by their first hour

	runs runs
}

// View is what a Memory held at one moment. It does not change.
type View struct {
	memory  *Memory
	store   bench.Store     // nil = nothing was held
	edition uint64          // grows whenever other runs are held
	from    int64           // first hour that is held, in hours since the Unix epoch
	hours   map[int64]*hour // the hours do not change: a changed hour is a new value
}

// New makes a Memory. told is called after a look that found new runs, with these runs; views from edition on contain
// them. told may be nil.
func New(now func() time.Time, told func(edition uint64, list []bench.Digest)) *Memory {
	return &Memory{now: now, told: told, most: most, turn: make(chan struct{}, 1)}
}

// View is the result of the last look at s. It reads nothing. ok is false if there was no look at s yet.
func (m *Memory) View(s bench.Store) (v View, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.view, m.view.Of(s)
}

// Digests looks at s, and gives the digests of its runs that q asks for, as View.Digests does.
func (m *Memory) Digests(ctx context.Context, s bench.Store, q bench.Query) iter.Seq2[bench.Digest, error] {
	return func(yield func(bench.Digest, error) bool) {
		err := m.Look(ctx, s, nil)
		v, ok := m.View(s)
		switch {
		case ctx.Err() != nil:
			yield(bench.Digest{}, ctx.Err())
			return
		case err != nil || !ok: // reads a damaged store run by run, or reports its error
			v = View{store: s}
		}
		v.Digests(ctx, q)(yield)
	}
}

// Digests gives the digests of the runs that q asks for. Digests of one series come in the order of their ends. Older
// runs come from the store and the others from memory. The border is a full hour, so no run is given twice.
func (v View) Digests(ctx context.Context, q bench.Query) iter.Seq2[bench.Digest, error] {
	return func(yield func(bench.Digest, error) bool) {
		begin, before := time.Unix(v.from*3600, 0), q
		if v.hours != nil && (q.Until.IsZero() || begin.Before(q.Until)) {
			before.Until = begin
		}
		if v.hours == nil || q.Since.Before(before.Until) {
			for d, err := range bench.DigestsOf(ctx, v.store, before) {
				if !yield(d, err) || err != nil && !readsOn(d, err) {
					return
				}
			}
		}
		for _, at := range slices.Sorted(maps.Keys(v.hours)) {
			if !v.hours[at].each(q, yield) {
				return
			}
		}
	}
}

func readsOn(d bench.Digest, err error) bool { return bench.ReadsOn(bench.Run{ID: d.ID}, err) }

// Number grows with each view that has other runs.
func (v View) Number() uint64 { return v.edition }

// Of reports whether v is a view of s.
func (v View) Of(s bench.Store) bool { return v.store != nil && v.store == s }

// Holds reports whether all runs that ended at since or later are held.
func (v View) Holds(since time.Time) bool {
	return v.hours != nil && !since.Before(time.Unix(v.from*3600, 0))
}

// Edition is a number that changes when the runs change that ended at since or later (the zero time = all runs). For
// runs that are not held, the store is asked at most once a second.
func (v View) Edition(ctx context.Context, since time.Time) (uint64, error) {
	from := time.Unix(v.from*3600, 0)
	if !since.Before(from) {
		return v.edition, nil
	}
	older, err := v.memory.olderOf(ctx, v.store.(bench.Digester), since, from)
	return older ^ v.edition*0x9e3779b97f4a7c15, err
}

// older is a number for the runs from an hour on that are not held.
type older struct {
	of   uint64
	seen time.Time
}

// olderFor is how long an older is used again. To find it out anew may take as long as reading the runs.
const olderFor = time.Second

// olderOf is a number of the runs that ended from since until before from.
func (m *Memory) olderOf(ctx context.Context, s bench.Digester, since, from time.Time) (uint64, error) {
	hour := since.Unix() / 3600
	m.old.Lock() // callers that wait here get the same answer
	defer m.old.Unlock()
	now := m.now()
	if x, known := m.olders[hour]; known && now.Sub(x.seen) < olderFor {
		return x.of, nil
	}
	marks, err := s.Marks(ctx, time.Unix(hour*3600, 0))
	if err != nil {
		return 0, err
	}
	sum := fnv.New64a()
	for _, at := range slices.Sorted(maps.Keys(marks)) {
		if at < from.Unix()/3600 {
			fmt.Fprintln(sum, at, marks[at].Runs, marks[at].Of)
		}
	}
	if m.olders == nil || len(m.olders) > mostOlders {
		m.olders = map[int64]older{}
	}
	m.olders[hour] = older{sum.Sum64(), now}
	return sum.Sum64(), nil
}

// Reading is the progress of the first read of a store: done of so many hours. Otherwise both are 0.
func (m *Memory) Reading() (done, of int) { return int(m.done.Load()), int(m.of.Load()) }

// Look brings the memory up to date with s. Callers that come during a look all wait for the next look: it begins
// after they came. may is asked before a look that has to be made, but not before the first one of s: without leave the
// memory stays as it is. nil = always.
func (m *Memory) Look(ctx context.Context, s bench.Store, may func() bool) error {
	d, ok := s.(bench.Digester)
	if !ok {
		return nil
	}
	m.mu.Lock()
	mine := m.begun + 1
	m.mu.Unlock()
	select {
	case m.turn <- struct{}{}:
		defer func() { <-m.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	m.mu.Lock()
	was, first := m.view, m.view.store != s
	if !first && (m.seen >= mine || may != nil && !may()) {
		m.mu.Unlock()
		return nil
	}
	m.begun++
	number := m.begun
	m.mu.Unlock()
	if first {
		was = View{memory: m, store: s, edition: was.edition}
	}
	from := max(was.from, m.now().Add(-Window).Unix()/3600)
	hours, fresh, err := m.look(ctx, d, was.hours, from)
	if err != nil {
		return err
	}
	now := was
	if first || !maps.Equal(hours, was.hours) {
		now.edition++
	}
	now.from, now.hours = m.fit(hours, from), hours
	m.mu.Lock()
	m.view, m.seen = now, number
	m.mu.Unlock()
	if m.told != nil && !first && len(fresh) > 0 {
		m.told(now.edition, fresh)
	}
	return nil
}

// look reads the hours whose marks differ from those in was.
func (m *Memory) look(ctx context.Context, s bench.Digester, was map[int64]*hour, from int64) (map[int64]*hour,
	[]bench.Digest, error) {
	marks, err := s.Marks(ctx, time.Unix(from*3600, 0))
	if err != nil {
		return nil, nil, err
	}
	hours := map[int64]*hour{}
	var anew []int64
	for at, mark := range marks {
		if h := was[at]; h != nil && h.mark == mark {
			hours[at] = h
		} else {
			anew = append(anew, at)
		}
	}
	slices.Sort(anew)
	read := make([]brought, len(anew))
	if was == nil {
		m.done.Store(0)
		m.of.Store(int32(len(anew)))
		defer m.of.Store(0)
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var work sync.WaitGroup
	places := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i, at := range anew {
		work.Go(func() {
			places <- struct{}{}
			if read[i] = was[at].brought(ctx, s, at, marks[at]); read[i].err != nil {
				stop()
			}
			m.done.Add(1)
			<-places
		})
	}
	work.Wait()
	var fresh []bench.Digest
	for i, at := range anew {
		err = errors.Join(err, read[i].err)
		if h := read[i].hour; h != nil {
			h.mark = marks[at]
			hours[at], fresh = h, append(fresh, read[i].added...)
		}
	}
	return hours, fresh, err
}

// fit drops the oldest hours until the others fit into most, and gives the first hour that is left.
func (m *Memory) fit(hours map[int64]*hour, from int64) int64 {
	total := 0
	for _, h := range hours {
		total += h.bytes
	}
	for _, at := range slices.Sorted(maps.Keys(hours)) {
		if total <= m.most {
			break
		}
		total -= hours[at].bytes
		delete(hours, at)
		from = at + 1
	}
	return from
}
