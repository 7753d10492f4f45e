package recent

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"sync"
	"time"

	"rtcbench/bench"
)

// mostRuns is how many runs are remembered whole, but for their samples: some 4 KB each.
const mostRuns = 1 << 14

// runs remembers runs that were read from the store. A run does not change while its mark is the same.
type runs struct {
	mu  sync.Mutex
	all map[string]remembered // by ID
}

type remembered struct {
	mark int64
	run  bench.Run
}

// Runs gives the runs that q asks for, in the order of their ends, as the store does. Runs that are held are read from
// the store once. What is not held, or cannot be told apart by what is held, the store gives.
func (v View) Runs(ctx context.Context, q bench.Query) iter.Seq2[bench.Run, error] {
	return func(yield func(bench.Run, error) bool) {
		list, ok := v.listed(q)
		if ok {
			ok = v.memory.runs.read(ctx, v.store, q, list)
		}
		if !ok {
			v.store.Runs(ctx, q)(yield)
			return
		}
		for _, x := range list {
			if !yield(x.run, nil) {
				return
			}
		}
	}
}

// listing is a run of a list, which has yet to be read if its ID is "".
type listing struct {
	entry
	run bench.Run
}

// listed are the runs that q asks for, by what is held. ok is false where the store has to be asked: for samples or a
// single run, for runs that are not held or cannot be read, and for the order of runs that ended in one microsecond.
func (v View) listed(q bench.Query) (list []listing, ok bool) {
	if v.hours == nil || q.Samples || q.ID != "" {
		return nil, false
	}
	for _, at := range v.held() {
		if len(v.hours[at].bad) > 0 {
			return nil, false
		}
		for series, entries := range v.hours[at].series {
			if !q.OfSeries(series) {
				continue
			}
			for _, e := range entries {
				if !q.OfTime(time.UnixMicro(e.end)) {
					continue
				}
				if list = append(list, listing{entry: e}); e.err != nil {
					return nil, false
				}
			}
		}
		if q.Limit > 0 && len(list) > q.Limit {
			break // the rest ended before
		}
	}
	slices.SortFunc(list, func(a, b listing) int { return cmp.Compare(a.end, b.end) })
	whole := v.Holds(q.Since)
	for i := range list {
		if i > 0 && list[i].end == list[i-1].end {
			return nil, false
		}
	}
	if q.Limit > 0 && len(list) > q.Limit {
		list, whole = list[len(list)-q.Limit:], true
	}
	return list, whole && len(list) <= mostRuns
}

// held are the hours that are held, the newest first.
func (v View) held() []int64 {
	hours := make([]int64, 0, len(v.hours))
	for at := range v.hours {
		hours = append(hours, at)
	}
	slices.SortFunc(hours, func(a, b int64) int { return cmp.Compare(b, a) })
	return hours
}

// read gives each run of list its run: what is not remembered is read from the store, with one question. ok is false if
// the store does not have one of the runs any more, or cannot read it.
func (r *runs) read(ctx context.Context, s bench.Store, q bench.Query, list []listing) (ok bool) {
	first, last := r.fill(list)
	if first < 0 {
		return true
	}
	q.Limit, q.Since, q.Until = 0, time.UnixMicro(list[first].end), time.UnixMicro(list[last].end+1)
	read := map[string]bench.Run{}
	for run, err := range s.Runs(ctx, q) {
		if err != nil {
			return false
		}
		read[run.ID] = run
	}
	r.mu.Lock()
	if r.all == nil || len(r.all)+len(read) > mostRuns {
		r.all = map[string]remembered{}
	}
	for i := range list {
		if run, there := read[list[i].id]; there {
			list[i].run = run
			r.all[run.ID] = remembered{list[i].mark, run}
		}
	}
	r.mu.Unlock()
	first, _ = r.fill(list)
	return first < 0
}

// fill fills in what is remembered. first and last are the bounds of what is not; -1 = all is.
func (r *runs) fill(list []listing) (first, last int) {
	first, last = -1, -1
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range list {
		if list[i].run.ID != "" {
			continue
		}
		if x, there := r.all[list[i].id]; there && x.mark == list[i].mark {
			list[i].run = x.run
			continue
		}
		if last = i; first < 0 {
			first = i
		}
	}
	return first, last
}
