// Package rollup is shared by the stores that keep sums of runs (rollups): for each series and path, one for each hour
// and one for each day (UTC). It knows no database.
package rollup

import (
	"math"
	"slices"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/stats"
)

// Periods are the periods of rollups.
var Periods = [...]time.Duration{time.Hour, 24 * time.Hour}

// Floor is the start of the period that holds t, in Unix s.
func Floor(t time.Time, period time.Duration) int64 {
	seconds := int64(period / time.Second)
	at := t.Unix()
	return at - (at%seconds+seconds)%seconds
}

// Sums adds up series, which a store knows by their numbers, for each path.
type Sums struct {
	query  bench.Query
	series map[int64]bench.Series // their paths are left out
	sums   map[seriesOnPath]*sum
}

type seriesOnPath struct {
	id   int64
	path bench.Path
}

// sum is the sum of one series.
type sum struct {
	bench.Aggregate
	distribution stats.Sum
}

// NewSums makes empty Sums of the given series, for the runs that q asks for.
func NewSums(q bench.Query, series map[int64]bench.Series) *Sums {
	return &Sums{q, series, map[seriesOnPath]*sum{}}
}

// Add adds a part of a series: a run or a rollup. Its histogram is the argument histogram, packed; part.Histogram is
// ignored.
func (s *Sums) Add(id int64, path bench.Path, invalid bool, part bench.Aggregate, histogram []byte) error {
	one, wanted := s.series[id]
	if !wanted || s.query.Path != "" && s.query.Path != path {
		return nil
	}
	key := seriesOnPath{id, path}
	to := s.sums[key]
	if to == nil {
		one.Path = path
		to = &sum{Aggregate: bench.Aggregate{Series: one}}
		s.sums[key] = to
	}
	if invalid && !s.query.Invalid {
		to.LeftOut += part.Runs
		return nil
	}
	to.Merge(part)
	return to.distribution.AddBinary(histogram)
}

// List is all sums, sorted by series.
func (s *Sums) List() (list []bench.Aggregate) {
	for _, sum := range s.sums {
		if sum.Runs+sum.LeftOut > 0 {
			sum.Histogram = sum.distribution.Histogram()
			list = append(list, sum.Aggregate)
		}
	}
	slices.SortFunc(list, func(a, b bench.Aggregate) int { return a.Compare(b.Series) })
	return list
}

// Span is a part of a time span, in Unix µs. It is read from the rollups of Period; 0 = from the runs.
type Span struct {
	Period   time.Duration
	From, To int64
}

// Spans divides the time span of q into as few parts as possible: whole days, whole hours, and the rest run by run.
func Spans(q bench.Query) []Span {
	from, to := int64(math.MinInt64), int64(math.MaxInt64)
	if !q.Since.IsZero() {
		from = q.Since.UnixMicro()
	}
	if !q.Until.IsZero() {
		to = q.Until.UnixMicro()
	}
	return spans(from, to)
}

func spans(from, to int64) []Span {
	if from >= to {
		return nil
	}
	inner := func(period time.Duration, from, to int64) (int64, int64) {
		step := int64(period / time.Microsecond)
		up := func(x int64) int64 {
			if x == math.MinInt64 || x == math.MaxInt64 {
				return x
			}
			return x + (step-(x%step+step)%step)%step
		}
		down := func(x int64) int64 {
			if x == math.MaxInt64 {
				return x
			}
			return x - (x%step+step)%step
		}
		return up(from), down(to)
	}
	var list []Span
	add := func(period time.Duration, from, to int64) {
		if from < to {
			list = append(list, Span{period, from, to})
		}
	}
	hFrom, hTo := inner(time.Hour, from, to)
	if hFrom >= hTo {
		add(0, from, to)
		return list
	}
	add(0, from, hFrom)
	dFrom, dTo := inner(24*time.Hour, hFrom, hTo)
	if dFrom >= dTo {
		add(time.Hour, hFrom, hTo)
	} else {
		add(time.Hour, hFrom, dFrom)
		add(24*time.Hour, dFrom, dTo)
		add(time.Hour, dTo, hTo)
	}
	add(0, hTo, to)
	return list
}
