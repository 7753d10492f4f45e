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

// hour is the digests of the runs that ended in one hour. An hour that is in a View does not change.
type hour struct {
	mark   bench.Mark               // of the store
	sum    bench.Mark               // of the runs held; equal to mark, unless runs cannot be read or came meanwhile
	newest int64                    // end of the last run, Unix µs
	series map[bench.Series][]entry // sorted by the ends of the runs
	bad    []error                  // errors that belong to no single run
	bytes  int                      // estimated size in memory
}

// entry is a digest within its series.
type entry struct {
	id        string
	end       int64 // Unix µs
	verdict   bench.Verdict
	p95       bench.Quantity
	counts    bench.Counts
	histogram []byte
	mark      int64
	err       error // why the run cannot be read
}

func (e entry) digest(s bench.Series) bench.Digest {
	return bench.Digest{ID: e.id, Series: s, End: time.UnixMicro(e.end).UTC(), Verdict: e.verdict, P95: e.p95,
		Counts: e.counts, Histogram: e.histogram, Mark: e.mark}
}

// each yields the digests of the hour that q asks for. It returns false if yield did.
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

// brought is an hour as the store has it now, and the digests that were added.
type brought struct {
	*hour
	added []bench.Digest
	err   error
}

// lately is a usual limit: when a run comes, its end is at most this long before the end of the newest run.
const lately = 2 * time.Minute

// brought brings h up to date with the hour at (hours since the Unix epoch) of the store. mark is the new mark of this
// hour; h may be nil. It tries the usual case first: some runs were added, and they ended lately.
func (h *hour) brought(ctx context.Context, s bench.Digester, at int64, mark bench.Mark) brought {
	since := time.Unix(at*3600, 0)
	q := bench.Query{Since: since, Until: since.Add(time.Hour)}
	if h == nil {
		return (&hour{series: map[bench.Series][]entry{}}).with(ctx, s, q, nil)
	}
	end := q
	if from := time.UnixMicro(h.newest).Add(-lately); from.After(since) {
		end.Since = from
	}
	if len(h.bad) == 0 {
		b := h.copied().with(ctx, s, end, h.since(end.Since.UnixMicro()))
		if b.err == nil && b.sum == mark {
			return b
		}
	}
	ids, err := s.IDs(ctx, q.Since, q.Until)
	if err != nil {
		return brought{err: err}
	}
	still := h.still(ids)
	return still.with(ctx, s, q, still.since(0))
}

func (h *hour) copied() *hour {
	now := *h
	now.series = maps.Clone(h.series)
	return &now
}

// with adds to h the runs that q asks for, except known ones. It changes h.
func (h *hour) with(ctx context.Context, s bench.Digester, q bench.Query, known map[string]bool) brought {
	var added []bench.Digest
	var skip func(string) bool
	if known != nil {
		skip = func(id string) bool { return known[id] }
	}
	touched := map[bench.Series]bool{}
	h.bad = nil
	for d, err := range s.Digests(ctx, q, skip) {
		switch {
		case err != nil && !readsOn(d, err):
			return brought{err: err}
		case err != nil && d.ID == "":
			h.bad = append(h.bad, err)
			continue
		}
		if !touched[d.Series] {
			touched[d.Series] = true
			h.series[d.Series] = slices.Clone(h.series[d.Series]) // readers may have the old slice
		}
		e := entry{d.ID, d.End.UnixMicro(), d.Verdict, d.P95, d.Counts, d.Histogram, d.Mark, err}
		h.series[d.Series] = append(h.series[d.Series], e)
		h.count(e, 1)
		added = append(added, d)
	}
	for series := range touched {
		slices.SortFunc(h.series[series], func(a, b entry) int {
			return cmp.Or(cmp.Compare(a.end, b.end), cmp.Compare(a.id, b.id))
		})
	}
	return brought{h, added, nil}
}

func (h *hour) count(e entry, by int) {
	h.sum.Runs += by
	h.sum.Of += int64(by) * e.mark
	h.newest = max(h.newest, e.end)
	h.bytes += by * (int(unsafe.Sizeof(e)) + len(e.id) + len(e.histogram))
}

// still is h with only the runs in ids.
func (h *hour) still(ids []string) *hour {
	there := map[string]bool{}
	for _, id := range ids {
		there[id] = true
	}
	now := h.copied()
	gone := func(e entry) bool { return !there[e.id] }
	for series, list := range h.series {
		for _, e := range list {
			if gone(e) {
				now.count(e, -1)
			}
		}
		if !slices.ContainsFunc(list, gone) {
			continue
		}
		if list = slices.DeleteFunc(slices.Clone(list), gone); len(list) == 0 {
			delete(now.series, series)
		} else {
			now.series[series] = list
		}
	}
	return now
}

// since are the IDs of the runs that ended at end or later. end is in Unix µs.
func (h *hour) since(end int64) map[string]bool {
	ids := map[string]bool{}
	for _, list := range h.series {
		for _, e := range slices.Backward(list) {
			if e.end < end {
				break
			}
			ids[e.id] = true
		}
	}
	return ids
}
