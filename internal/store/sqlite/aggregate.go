package sqlite

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/stats"
)

// Aggregate sums up by whole days and hours where it can, and by single runs at both ends.
func (s *Store) Aggregate(ctx context.Context, q bench.Query) ([]bench.Aggregate, error) {
	from, to := int64(math.MinInt64), int64(math.MaxInt64)
	if !q.Since.IsZero() {
		from = q.Since.UnixMicro()
	}
	if !q.Until.IsZero() {
		to = q.Until.UnixMicro()
	}
	// One moment for all parts: a run that is saved meanwhile is in all of them or in none.
	tx, err := s.read.BeginTx(ctx, nil)
	if err != nil {
		return nil, s.explain(err)
	}
	defer tx.Rollback()
	where, args := conditions(bench.Query{Platform: q.Platform, Location: q.Location, Engine: q.Engine, Transport: q.Transport})
	sums := map[bench.Series]*bench.Aggregate{}
	for _, p := range spans(from, to) {
		table, condition := "run", "run.ended >= ? AND run.ended < ?"
		count, bounds := "1", []any{p.from, p.to}
		if p.period != 0 {
			table, condition = "rollup AS run", "run.seconds = ? AND run.start >= ? AND run.start < ?"
			count, bounds = "run.runs", []any{int64(p.period / time.Second), ceilSeconds(p.from), ceilSeconds(p.to)}
		}
		rows, err := tx.QueryContext(ctx, "SELECT series.platform, series.location, series.engine, series.transport, "+count+
			", run.sent, run.answered, run.late, run.lost, run.not_sent, run.histogram FROM "+strings.TrimSpace(table)+" JOIN series ON series.id = run.series WHERE "+condition+" AND "+where, append(bounds, args...)...)
		if err != nil {
			return nil, s.explain(err)
		}
		for rows.Next() {
			var a bench.Aggregate
			var data []byte
			c := &a.Counts
			err := rows.Scan(&a.Platform, &a.Location, &a.Engine, &a.Transport, &a.Runs, &c.Sent, &c.Answered, &c.Late, &c.Lost, &c.NotSent, &data)
			if err == nil {
				err = a.Histogram.UnmarshalBinary(data)
			}
			if err != nil {
				rows.Close()
				return nil, fmt.Errorf("store %s: sum up: %w", s.path, err)
			}
			if sums[a.Series] == nil {
				sums[a.Series] = &bench.Aggregate{Series: a.Series, Histogram: stats.Histogram{}}
			}
			sums[a.Series].Merge(a)
		}
		if err := rows.Err(); err != nil {
			return nil, s.explain(err)
		}
	}
	list := make([]bench.Aggregate, 0, len(sums))
	for _, a := range sums {
		list = append(list, *a)
	}
	slices.SortFunc(list, func(a, b bench.Aggregate) int { return a.Compare(b.Series) })
	return list, nil
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
