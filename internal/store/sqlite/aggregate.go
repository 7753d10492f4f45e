package sqlite

import (
	"context"
	"database/sql"
	"math"
	"slices"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/stats"
)

// Aggregate sums up by whole days and hours where it can, and by single runs at both ends. Where sums or runs cannot be
// read it goes by the runs that can.
func (s *Store) Aggregate(ctx context.Context, q bench.Query) (list []bench.Aggregate, err error) {
	err = s.reading(ctx, func(db *sql.DB) error {
		if err = misfiled(ctx, db); err == nil {
			list, err = aggregate(ctx, db, q)
		}
		return err
	})
	if ofContent(err) {
		list, _, err = bench.AggregateRuns(ctx, struct{ bench.Store }{s}, q)
		return list, err
	}
	return list, s.explain(err)
}

func aggregate(ctx context.Context, db *sql.DB, q bench.Query) ([]bench.Aggregate, error) {
	from, to := int64(math.MinInt64), int64(math.MaxInt64)
	if !q.Since.IsZero() {
		from = q.Since.UnixMicro()
	}
	if !q.Until.IsZero() {
		to = q.Until.UnixMicro()
	}
	// One moment for all parts: a run that is saved meanwhile is in all of them or in none.
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer tx.Rollback()
	series, err := wantedSeries(ctx, tx, q)
	if err != nil {
		return nil, err
	}
	sums := sumsByPath{}
	for _, p := range spans(from, to) {
		if err := p.addTo(ctx, tx, series, sums, q); err != nil {
			return nil, err
		}
	}
	var list []bench.Aggregate
	for _, sum := range sums {
		if sum.Runs+sum.LeftOut > 0 {
			sum.Histogram = sum.distribution.Histogram()
			list = append(list, sum.Aggregate)
		}
	}
	slices.SortFunc(list, func(a, b bench.Aggregate) int { return a.Compare(b.Series) })
	return list, nil
}

// addTo adds what is in p to the sums of series that q asks for.
func (p span) addTo(ctx context.Context, tx *sql.Tx, series map[int64]bench.Series, sums sumsByPath,
	q bench.Query) error {
	query := "SELECT series, path, invalid, 1, " + counted.names("") + `, histogram FROM run
		WHERE ended >= ? AND ended < ?`
	args := []any{p.from, p.to}
	if p.period != 0 {
		// Series by series, as the rollups are sorted: a month has many hours beside those that are wanted.
		query = "SELECT series, path, invalid, runs, " + counted.names("") + `, histogram FROM rollup
			WHERE seconds = ? AND series IN (SELECT id FROM series) AND start >= ? AND start < ?`
		args = []any{int64(p.period / time.Second), ceilSeconds(p.from), ceilSeconds(p.to)}
	}
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	var id int64
	var path bench.Path
	var invalid bool
	var part bench.Aggregate
	var data sql.RawBytes
	to := append(append([]any{&id, &path, &invalid, &part.Runs}, counted.in(&part.Counts)...), &data)
	for rows.Next() {
		if err := rows.Scan(to...); err != nil {
			return err
		}
		sum := sums.of(series, id, path)
		switch {
		case sum == nil || q.Path != "" && q.Path != path:
		case invalid && !q.Invalid:
			sum.LeftOut += part.Runs
		default:
			sum.Merge(part)
			if err := sum.distribution.AddBinary(data); err != nil {
				return err
			}
		}
	}
	return rows.Err()
}

// sum is a series that is being summed up.
type sum struct {
	bench.Aggregate
	distribution stats.Sum
}

// sumsByPath are the sums of series by their number, for each path.
type sumsByPath map[seriesOnPath]*sum

type seriesOnPath struct {
	id   int64
	path bench.Path
}

// of is the sum of the series id on path; nil = it is none of series.
func (s sumsByPath) of(series map[int64]bench.Series, id int64, path bench.Path) *sum {
	key := seriesOnPath{id, path}
	if one, wanted := series[id]; wanted && s[key] == nil {
		one.Path = path
		s[key] = &sum{Aggregate: bench.Aggregate{Series: one}}
	}
	return s[key]
}

// wantedSeries are those that q asks for, by their number.
func wantedSeries(ctx context.Context, tx *sql.Tx, q bench.Query) (map[int64]bench.Series, error) {
	where, args := conditions(bench.Query{Platform: q.Platform, Location: q.Location, Engine: q.Engine,
		Transport: q.Transport})
	rows, err := tx.QueryContext(ctx, "SELECT id, platform, location, engine, transport FROM series WHERE "+
		where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	list := map[int64]bench.Series{}
	for rows.Next() {
		var id int64
		var one bench.Series
		if err := rows.Scan(&id, &one.Platform, &one.Location, &one.Engine, &one.Transport); err != nil {
			return nil, err
		}
		list[id] = one
	}
	return list, rows.Err()
}

// span is a part of time, in Unix µs, that is read from the rollups of period; 0 = from the runs.
type span struct {
	period   time.Duration
	from, to int64
}

// spans splits from…to into as few parts as days, hours and single runs allow.
func spans(from, to int64) []span {
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
	var list []span
	add := func(period time.Duration, from, to int64) {
		if from < to {
			list = append(list, span{period, from, to})
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

func ceilSeconds(micros int64) int64 {
	if micros == math.MinInt64 || micros == math.MaxInt64 {
		return micros
	}
	return micros / 1e6 // a whole number of hours
}
