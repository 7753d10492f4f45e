package archive

import (
	"context"
	"slices"
	"time"

	"rtcbench/bench"
)

// Part is what the runs of one part of a time add up to.
type Part struct {
	bench.Aggregate
	Verdicts map[bench.Verdict]int // of all its runs, of those that are left out too
}

// Timeline is a series in equal parts of a time.
type Timeline struct {
	Part         // all of it
	Parts []Part // in order
	Last  bench.Record
}

// Timelines are all series of a time.
type Timelines struct {
	Since, Until time.Time
	List         []Timeline // by the name of the series
	Bad          []error    // runs that cannot be read
}

// ReadTimelines sums up the runs that q asks for, in so many equal parts of the time. It reads each run once, without
// its samples. Where q says no Since or Until, the time is that of the runs, until now.
func ReadTimelines(ctx context.Context, s bench.Store, q bench.Query, parts int, now time.Time) (t Timelines,
	err error) {
	q.Limit, q.Samples = 0, false
	if q.Until.IsZero() {
		q.Until = lastEnd(ctx, s, q, now)
	}
	if q.Since.IsZero() {
		if q.Since, err = firstEnd(ctx, s, q); err != nil {
			return t, err
		}
	}
	t.Since, t.Until = q.Since, q.Until
	length := max(1, q.Until.Sub(q.Since)/time.Duration(parts))
	all := map[bench.Series]*Timeline{}
	for r, err := range s.Runs(ctx, q) {
		if err = ofStoreOrNil(r, err); isUnreadable(err) {
			t.Bad = append(t.Bad, err)
			continue
		} else if err != nil {
			return t, err
		}
		record, key := bench.NewRecord(r), bench.SeriesOf(r)
		line := all[key]
		if line == nil {
			line = &Timeline{Part: newPart(key), Parts: make([]Part, parts)}
			for i := range line.Parts {
				line.Parts[i] = newPart(key)
			}
			all[key] = line
		}
		// of a damaged run the store may hold another end than the run itself
		at := max(0, min(int(r.End.Sub(q.Since)/length), parts-1))
		line.add(record, q)
		line.Parts[at].add(record, q)
		line.Last = record
	}
	for _, line := range all {
		t.List = append(t.List, *line)
	}
	slices.SortFunc(t.List, func(a, b Timeline) int { return a.Compare(b.Series) })
	return t, nil
}

func newPart(s bench.Series) Part {
	return Part{Aggregate: bench.Aggregate{Series: s}, Verdicts: map[bench.Verdict]int{}}
}

func (p *Part) add(r bench.Record, q bench.Query) {
	p.Add(r, q)
	p.Verdicts[r.Summary.Validity.Verdict]++
}
