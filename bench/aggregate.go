package bench

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"rtcbench/internal/stats"
)

// Series is what runs have in common that may be summed up: their messages went the same kind of way.
type Series struct {
	Platform, Location, Engine string // Location: Unknown where none was given
	Transport                  TransportClass
	Path                       Path
	Echo                       string // the place whose echo answered; NoPlace where it was no other place's
}

// NoPlace is the echo of runs that no other place of a fleet answered.
const NoPlace = "none"

// Way says, for a person, from where to where the pings of s went.
func (s Series) Way() string {
	if s.Echo == NoPlace || s.Echo == "" {
		return s.Location
	}
	return s.Location + " → " + s.Echo
}

// SeriesOf is the series of r.
func SeriesOf(r Run) Series {
	return Series{r.Platform, cmp.Or(r.Location, Unknown), r.Facts.Engine, r.Facts.Transport, r.Path(),
		cmp.Or(r.Echo.Place, NoPlace)}
}

// Aggregate is many runs of one series as one: their counts added, their histograms merged.
type Aggregate struct {
	Series
	Runs      int
	LeftOut   int    // runs that are not in it, because they are invalid
	Counts    Counts // SummedCounts alone
	Histogram stats.Histogram
}

// Add adds r, which is only counted as left out if it is invalid and q does not ask for such runs.
func (a *Aggregate) Add(r Record, q Query) {
	if q.LeavesOut(r) {
		a.LeftOut++
		return
	}
	a.Merge(Aggregate{Runs: 1, Counts: r.Counts, Histogram: r.Histogram()})
}

// Merge adds all of o.
func (a *Aggregate) Merge(o Aggregate) {
	a.Runs, a.LeftOut = a.Runs+o.Runs, a.LeftOut+o.LeftOut
	a.Counts.add(o.Counts)
	a.Histogram.Merge(o.Histogram)
}

// AggregateRuns sums up the runs that q asks for: one Aggregate for each series, in the order of Series.Compare. Runs
// that cannot be read are left out, and bad counts them. A store that sums up by itself does not say how many runs it
// could not read: bad is then 1.
func AggregateRuns(ctx context.Context, s Store, q Query) (list []Aggregate, bad int, err error) {
	if a, ok := s.(Aggregator); ok && q.ID == "" && q.Limit == 0 {
		if list, err = a.Aggregate(ctx, q); errors.Is(err, ErrIncomplete) {
			return list, 1, nil
		}
		return list, 0, err
	}
	sums := map[Series]*Aggregate{}
	q.Samples = false
	for r, err := range s.Runs(ctx, q) {
		switch {
		case err != nil && ReadsOn(r, err):
			bad++
			continue
		case err != nil:
			return nil, bad, err
		}
		key := SeriesOf(r)
		if sums[key] == nil {
			sums[key] = &Aggregate{Series: key}
		}
		sums[key].Add(NewRecord(r), q)
	}
	for _, a := range sums {
		list = append(list, *a)
	}
	slices.SortFunc(list, func(a, b Aggregate) int { return a.Compare(b.Series) })
	return list, bad, nil
}

// Compare orders series by platform, location, the echo's place, engine, transport class and path.
func (s Series) Compare(o Series) int {
	return cmp.Or(cmp.Compare(s.Platform, o.Platform), cmp.Compare(s.Location, o.Location),
		cmp.Compare(s.Echo, o.Echo), cmp.Compare(s.Engine, o.Engine),
		cmp.Compare(s.Transport, o.Transport), cmp.Compare(s.Path, o.Path))
}
