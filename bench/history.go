package bench

import (
	"context"
	"slices"
	"time"

	"rtcbench/internal/stats"
)

// Course is a series over time.
type Course struct {
	Aggregate
	P50 []Quantity // of equal parts of the time, in order; not known where no ping was answered
}

// Courses sums up the runs that q asks for, one Course a series, by name, in parts of equal length. q needs
// Since and Until. Runs that cannot be read are left out and counted in bad.
func Courses(ctx context.Context, s Store, q Query, parts int) (list []Course, bad int, err error) {
	all, bad, err := AggregateRuns(ctx, s, q)
	if err != nil {
		return nil, bad, err
	}
	for _, a := range all {
		list = append(list, Course{a, make([]Quantity, parts)})
	}
	length := q.Until.Sub(q.Since) / time.Duration(parts)
	if length <= 0 {
		return list, bad, nil
	}
	set := func(i int, series Series, h stats.Histogram) {
		if at := slices.IndexFunc(list, func(c Course) bool { return c.Series == series }); at >= 0 {
			list[at].P50[i] = known(h.Quantile(0.5))
		}
	}
	if _, ok := s.(Aggregator); ok {
		for i := range parts {
			part := q
			part.Since, part.Until = q.Since.Add(time.Duration(i)*length), q.Since.Add(time.Duration(i+1)*length)
			sums, _, err := AggregateRuns(ctx, s, part)
			if err != nil {
				return nil, bad, err
			}
			for _, a := range sums {
				set(i, a.Series, a.Histogram)
			}
		}
		return list, bad, nil
	}
	sums := map[Series][]stats.Histogram{}
	q.Samples = false
	for r, err := range s.Runs(ctx, q) {
		if err != nil {
			if ReadsOn(r, err) { // counted above
				continue
			}
			return nil, bad, err
		}
		if q.LeavesOut(NewRecord(r)) {
			continue
		}
		key := SeriesOf(r)
		if sums[key] == nil {
			sums[key] = make([]stats.Histogram, parts)
		}
		part := int(r.End.Sub(q.Since) / length) // of a damaged run the store may hold another end than the run itself
		sums[key][max(0, min(part, parts-1))].Merge(r.Histogram())
	}
	for series, histograms := range sums {
		for i, h := range histograms {
			set(i, series, h)
		}
	}
	return list, bad, nil
}
