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
	told func([]bench.Digest) // of the runs that the store has got since it was looked at; nil = nobody asks
	most int

	done, of atomic.Int32 // hours that are read and are to be, while the store is read first

	turn  sync.Mutex // held by whoever looks
	begun uint64     // looks that were begun; mu guards it

	mu      sync.Mutex
	store   bench.Store
	edition uint64          // another one as soon as other runs are held
	from    int64           // the first hour that is held, since the Unix epoch
	hours   map[int64]*hour // they do not change: a new one takes the place of the old one

	old    sync.Mutex      // held by whoever looks at what is not held; guards olders
	olders map[int64]older // by the hour that they begin with
}

// New makes a Memory. told is called with the runs that a store has got meanwhile, and may be nil.
func New(now func() time.Time, told func([]bench.Digest)) *Memory {
	return &Memory{now: now, told: told, most: most}
}

// Digests gives the digests of the runs of s that q asks for; those of one series in the order of their ends. What is
// held and what is not are put together at the full hour, so that each run is given once.
func (m *Memory) Digests(ctx context.Context, s bench.Store, q bench.Query) iter.Seq2[bench.Digest, error] {
	return func(yield func(bench.Digest, error) bool) {
		begin, hours, err := m.held(ctx, s)
		switch {
		case ctx.Err() != nil:
			yield(bench.Digest{}, ctx.Err())
			return
		case err != nil: // a damaged store may be read run by run; if it cannot be, it says why
			begin, hours = time.Time{}, nil
		}
		before := q
		if hours != nil && (q.Until.IsZero() || begin.Before(q.Until)) {
			before.Until = begin
		}
		if hours == nil || q.Since.Before(before.Until) {
			for d, err := range bench.DigestsOf(ctx, s, before) {
				if !yield(d, err) || err != nil && !readsOn(d, err) {
					return
				}
			}
		}
		for _, at := range slices.Sorted(maps.Keys(hours)) {
			if !hours[at].each(q, yield) {
				return
			}
		}
	}
}

func readsOn(d bench.Digest, err error) bool { return bench.ReadsOn(bench.Run{ID: d.ID}, err) }

// held looks at the store, and gives what is held of it afterwards, and from when on. nil = nothing can be.
func (m *Memory) held(ctx context.Context, s bench.Store) (time.Time, map[int64]*hour, error) {
	if _, ok := s.(bench.Digester); !ok {
		return time.Time{}, nil, nil
	}
	if err := m.Look(ctx, s); err != nil {
		return time.Time{}, nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.store != s {
		return time.Time{}, nil, errors.New("another store is looked at")
	}
	return time.Unix(m.from*3600, 0), m.hours, nil
}

// Edition looks at the store. It gives another number whenever the store has other runs that ended since then (the
// zero time: at any time); 0 where that cannot be told, and while the store is read first.
func (m *Memory) Edition(ctx context.Context, s bench.Store, since time.Time) (uint64, error) {
	m.mu.Lock()
	first := m.store != s
	m.mu.Unlock()
	if first {
		return 0, nil
	}
	from, hours, err := m.held(ctx, s)
	if err != nil || hours == nil {
		return 0, err
	}
	m.mu.Lock()
	edition := m.edition
	m.mu.Unlock()
	if !since.Before(from) {
		return edition, nil
	}
	older, err := m.olderOf(ctx, s.(bench.Digester), since, from)
	return older ^ edition*0x9e3779b97f4a7c15, err
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
	m.turn.Lock()
	defer m.turn.Unlock()
	m.mu.Lock()
	if m.begun >= mine && m.store == s {
		m.mu.Unlock()
		return nil
	}
	first := m.store != s
	hours, from := maps.Clone(m.hours), m.from
	if first {
		hours, from = nil, 0
	}
	begun := m.begun + 1
	m.mu.Unlock()
	from = max(from, m.now().Add(-Window).Unix()/3600)
	was := hours
	hours, fresh, err := m.look(ctx, d, was, from)
	if err != nil {
		return err
	}
	changed := first || !maps.Equal(hours, was)
	from = m.fit(hours, from)
	m.mu.Lock()
	if changed {
		m.edition++
	}
	m.store, m.hours, m.from, m.begun = s, hours, from, begun
	m.mu.Unlock()
	if m.told != nil && !first && len(fresh) > 0 {
		m.told(fresh)
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
			if read[i] = was[at].brought(ctx, s, at); read[i].err != nil {
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
