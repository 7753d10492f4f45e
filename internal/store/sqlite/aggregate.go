package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/store/rollup"
)

// Aggregate sums up whole days and hours from their rollups, and the rest of the time span run by run. If rollups or
// runs cannot be read, it sums up the runs that can be read.
func (s *Store) Aggregate(ctx context.Context, q bench.Query) (list []bench.Aggregate, err error) {
	list, err = s.sums(ctx, q)
	if ofContent(err) {
		list, bad, unread := bench.AggregateRuns(ctx, struct{ bench.Store }{s}, q)
		if unread == nil && bad > 0 {
			unread = incomplete{fmt.Errorf("store %s is damaged: %w; its sums are those of the runs that can be read",
				s.path, err)}
		}
		return list, unread
	}
	return list, s.explain(err)
}

// sums is Aggregate for a store without damage.
func (s *Store) sums(ctx context.Context, q bench.Query) (list []bench.Aggregate, err error) {
	err = s.reading(ctx, func(db *sql.DB) error {
		if err = s.wellFiled(ctx, db); err == nil {
			list, err = aggregate(ctx, db, q)
		}
		return err
	})
	return list, err
}

func aggregate(ctx context.Context, db *sql.DB, q bench.Query) ([]bench.Aggregate, error) {
	// One transaction for all parts: a run that is saved meanwhile is in all of them or in none.
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer tx.Rollback()
	series, err := seriesOf(ctx, tx, q)
	if err != nil {
		return nil, err
	}
	sums := rollup.NewSums(q, series)
	for _, p := range rollup.Spans(q) {
		if err := addTo(ctx, tx, p, sums); err != nil {
			return nil, err
		}
	}
	return sums.List(), nil
}

// addTo adds the rollups or runs of p to sums.
func addTo(ctx context.Context, tx *sql.Tx, p rollup.Span, sums *rollup.Sums) error {
	query := "SELECT 0, series, path, ended, invalid, 1, " + counted.names("") + `, histogram, crc FROM run
		WHERE ended >= ? AND ended < ?`
	args := []any{p.From, p.To}
	if p.Period != 0 {
		// The query goes series by series, as the rollups are sorted: within a month, many hours are not wanted.
		query = "SELECT seconds, series, path, start, invalid, runs, " + counted.names("") + `, histogram, crc
			FROM rollup
			WHERE seconds = ? AND series IN (SELECT id FROM series) AND start >= ? AND start < ?`
		args = []any{int64(p.Period / time.Second), ceilSeconds(p.From), ceilSeconds(p.To)}
	}
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	var part summed
	var histogram, crc sql.RawBytes
	to := append(part.places(counted), &histogram, &crc)
	for rows.Next() {
		if err := rows.Scan(to...); err != nil {
			return err
		}
		if err := part.verify(crc, histogram); err != nil {
			return fmt.Errorf("%w: a row of series %d: %w", errDamage, part.series, err)
		}
		sum := bench.Aggregate{Runs: part.runs, Counts: part.counts}
		if err := sums.Add(part.series, part.path, part.invalid, sum, histogram); err != nil {
			return err
		}
	}
	return rows.Err()
}

// seriesOf are the series that q asks for, by their number.
func seriesOf(ctx context.Context, tx manyQuerier, q bench.Query) (map[int64]bench.Series, error) {
	where, args := conditions(bench.Query{Platform: q.Platform, Location: q.Location, Engine: q.Engine,
		Transport: q.Transport, Echo: q.Echo})
	rows, err := tx.QueryContext(ctx, "SELECT id, platform, location, engine, transport, echo FROM series WHERE "+
		where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	list := map[int64]bench.Series{}
	for rows.Next() {
		var id int64
		var one bench.Series
		if err := rows.Scan(&id, &one.Platform, &one.Location, &one.Engine, &one.Transport, &one.Echo); err != nil {
			return nil, err
		}
		list[id] = one
	}
	return list, rows.Err()
}

func ceilSeconds(micros int64) int64 {
	if micros == math.MinInt64 || micros == math.MaxInt64 {
		return micros
	}
	return micros / 1e6 // in Unix seconds, a whole number of hours
}
