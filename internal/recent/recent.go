// Package recent holds in memory what a store has of the last day: a digest of each run, series by series. It is read
// from the store when somebody asks first, and held against the store's marks each time after that: whoever writes the
// store, what a reader gets is what the store has.
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
	// Window is how much is held at the least, unless it is too much.
	Window = 24 * time.Hour
	// most is how many bytes are held. Of a store that has more in a day, what is older is read from the store.
	most = 512 << 20
	// mostOlders is of how many times it is known what is not held.
	mostOlders = 100
)

// Memory is of one store at a time. Its methods may be called at the same time.
type Memory struct {
	now  func() time.Time
	told func(edition uint64, list []bench.Digest)
	most int

	done, of atomic.Int32 // hours that are read and are to be, while the store is read first

	turn chan struct{} // has room for the one who looks

	mu    sync.Mutex
	begun uint64 // looks
	seen  uint64 // the last one that came to its end, by its number
	view  View   // of that one

	old    sync.Mutex      // held by whoever looks at what is not held; guards olders
	olders map[int64]older // by the hour that they begin with
}

// View is what was held of a store at one moment. It does not change.
type View struct {
	memory  *Memory
	store   bench.Store     // nil = nothing was held
	edition uint64          // another one as soon as other runs are held
	from    int64           // the first hour that is held, since the Unix epoch
	hours   map[int64]*hour // they do not change: a new one takes the place of the old one
}

// New makes a Memory. told is called with the runs that a store has got since it was looked at, which are in views from
// that edition on; nil = nobody asks.
func New(now func() time.Time, told func(edition uint64, list []bench.Digest)) *Memory {
	return &Memory{now: now, told: told, most: most, turn: make(chan struct{}, 1)}
}

// View is what was held of s after the last look at it: nothing is read for it. It is not ok where there was none yet.
func (m *Memory) View(s bench.Store) (v View, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.view, m.view.Of(s)
}

// Digests looks at s, and gives the digests of its runs that q asks for, as View.Digests does.
func (m *Memory) Digests(ctx context.Context, s bench.Store, q bench.Query) iter.Seq2[bench.Digest, error] {
	return func(yield func(bench.Digest, error) bool) {
		err := m.Look(ctx, s)
		v, ok := m.View(s)
		switch {
		case ctx.Err() != nil:
			yield(bench.Digest{}, ctx.Err())
			return
		case err != nil || !ok: // a damaged store may be read run by run; if it cannot be, it says why
			v = View{store: s}
		}
		v.Digests(ctx, q)(yield)
	}
}

// Digests gives the digests of the runs that q asks for; those of one series in the order of their ends. What is held
// and what is not are put together at the full hour, so that each run is given once.
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

// Number grows with each view of other runs.
func (v View) Number() uint64 { return v.edition }

// Of reports whether v is of s.
func (v View) Of(s bench.Store) bool { return v.store != nil && v.store == s }

// Edition is another number whenever the store had other runs that ended since then (the zero time: at any time). The
// store is asked about what is not held, and that once a second.
func (v View) Edition(ctx context.Context, since time.Time) (uint64, error) {
	from := time.Unix(v.from*3600, 0)
	if !since.Before(from) {
		return v.edition, nil
	}
	older, err := v.memory.olderOf(ctx, v.store.(bench.Digester), since, from)
	return older ^ v.edition*0x9e3779b97f4a7c15, err
}

// older is what a store has from an hour on, of what is not held.
type older struct {
	of   uint64
	seen time.Time
}

// olderFor is how long it is taken for what is there: to find out may take as long as to read all of it.
const olderFor = time.Second

// olderOf is a number of the runs that ended from since until before from.
func (m *Memory) olderOf(ctx context.Context, s bench.Digester, since, from time.Time) (uint64, error) {
	hour := since.Unix() / 3600
	m.old.Lock() // whoever comes meanwhile has the same answer
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

// Reading is how many hours have been read of how many, while the store is read first; 0 of 0 else.
func (m *Memory) Reading() (done, of int) { return int(m.done.Load()), int(m.of.Load()) }

// Look brings what is held to what s has. Callers that come while somebody looks wait for one look together, which is
// begun after they came.
func (m *Memory) Look(ctx context.Context, s bench.Store) error {
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
	if m.seen >= mine && !first {
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

// look reads what has changed since hours were read.
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

// fit forgets the oldest hours until the others have room, and gives the first one that is held then.
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
