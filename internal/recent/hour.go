package recent

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"
	"unsafe"

	"rtcbench/bench"
)

// hour is what a store has of an hour. It does not change.
type hour struct {
	mark   bench.Mark
	series map[bench.Series][]entry // in the order of their ends
	bad    []error                  // of no single run
	bytes  int                      // about so much it holds
}

// entry is a digest within its series.
type entry struct {
	id        string
	end       int64 // Unix µs
	verdict   bench.Verdict
	p95       bench.Quantity
	counts    bench.Counts
	histogram []byte
	err       error // why the run cannot be read
}

func (e entry) digest(s bench.Series) bench.Digest {
	return bench.Digest{ID: e.id, Series: s, End: time.UnixMicro(e.end).UTC(), Verdict: e.verdict, P95: e.p95,
		Counts: e.counts, Histogram: e.histogram}
}

// each gives what q asks for of an hour.
func (h *hour) each(q bench.Query, yield func(bench.Digest, error) bool) bool {
	for _, err := range h.bad {
		if !yield(bench.Digest{}, err) {
			return false
		}
	}
	for series, list := range h.series {
		if !q.OfSeries(series) {
			continue
		}
		for _, e := range list {
			if q.OfTime(time.UnixMicro(e.end)) && (q.ID == "" || q.ID == e.id) && !yield(e.digest(series), e.err) {
				return false
			}
		}
	}
	return true
}

// brought is an hour as the store has it now, and what was added.
type brought struct {
	*hour
	added []bench.Digest
	err   error
}

// brought brings h, which may be nil, to what the store has of the hour at.
func (h *hour) brought(ctx context.Context, s bench.Digester, at int64) brought {
	since := time.Unix(at*3600, 0)
	q := bench.Query{Since: since, Until: since.Add(time.Hour)}
	now := &hour{series: map[bench.Series][]entry{}}
	known := map[string]bool{}
	var skip func(string) bool
	if h != nil {
		ids, err := s.IDs(ctx, q.Since, q.Until)
		if err != nil {
			return brought{err: err}
		}
		known = now.keepOf(h, ids)
		skip = func(id string) bool { return known[id] }
	}
	var added []bench.Digest
	touched := map[bench.Series]bool{}
	for d, err := range s.Digests(ctx, q, skip) {
		switch {
		case err != nil && !readsOn(d, err):
			return brought{err: err}
		case err != nil && d.ID == "":
			now.bad = append(now.bad, err)
			continue
		}
		if !touched[d.Series] {
			touched[d.Series] = true
			now.series[d.Series] = slices.Clone(now.series[d.Series]) // readers may have it
		}
		now.series[d.Series] = append(now.series[d.Series], entry{d.ID, d.End.UnixMicro(), d.Verdict, d.P95, d.Counts,
			d.Histogram, err})
		added = append(added, d)
	}
	for series := range touched {
		slices.SortFunc(now.series[series], func(a, b entry) int {
			return cmp.Or(cmp.Compare(a.end, b.end), cmp.Compare(a.id, b.id))
		})
	}
	now.weigh()
	return brought{now, added, nil}
}

// keepOf takes over from before what is still in the store, and gives its IDs.
func (h *hour) keepOf(before *hour, there []string) (known map[string]bool) {
	still := map[string]bool{}
	for _, id := range there {
		still[id] = true
	}
	known = map[string]bool{}
	h.series = maps.Clone(before.series)
	for series, list := range before.series {
		gone := func(e entry) bool { return !still[e.id] }
		if slices.ContainsFunc(list, gone) {
			list = slices.DeleteFunc(slices.Clone(list), gone)
			h.series[series] = list
		}
		if len(list) == 0 {
			delete(h.series, series)
		}
		for _, e := range list {
			known[e.id] = true
		}
	}
	return known
}

func (h *hour) weigh() {
	for _, list := range h.series {
		for _, e := range list {
			h.bytes += int(unsafe.Sizeof(e)) + len(e.id) + len(e.histogram)
		}
	}
}
