package sqlite

import (
	"context"
	"database/sql"

	"rtcbench/bench"
)

// judgeKept is a part of the migration to version 2, and uses the SQL of that version. It finds the invalid runs among
// the runs that were kept before runs were judged, and computes their rollups again. A run that cannot be read stays as
// it is.
func judgeKept(ctx context.Context, tx *sql.Tx) error {
	return visit{
		look: func(r bench.Run) (string, bool) { return "", bench.Summarise(r).Validity.Verdict == bench.Invalid },
		write: func(r visited) (int64, error) {
			_, err := tx.ExecContext(ctx, "UPDATE run SET invalid = 1 WHERE key = ?", r.key)
			return 0, err
		},
		sum: func(seconds, series, start int64) error { return sumAnew(ctx, tx, seconds, series, start) },
	}.all(ctx, tx)
}

// sumAnew computes the rollups of a series and a period again from their runs. A run that cannot be read is in no sum.
func sumAnew(ctx context.Context, tx *sql.Tx, seconds, series, start int64) error {
	if _, err := tx.ExecContext(ctx, "DELETE FROM rollup WHERE seconds = ? AND series = ? AND start = ?", seconds,
		series, start); err != nil {
		return err
	}
	var sums [2]bench.Aggregate
	query := `SELECT invalid <> 0, sent, answered, late, lost, not_sent, histogram FROM run
		WHERE series = ? AND ended >= ? AND ended < ?`
	rows, err := tx.QueryContext(ctx, query, series, start*1e6, (start+seconds)*1e6)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		one := bench.Aggregate{Runs: 1}
		var invalid bool
		var data []byte
		c := &one.Counts
		err := rows.Scan(&invalid, &c.Sent, &c.Answered, &c.Late, &c.Lost, &c.NotSent, &data)
		if err != nil || one.Histogram.UnmarshalBinary(data) != nil {
			continue
		}
		which := 0
		if invalid {
			which = 1
		}
		sums[which].Merge(one)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for invalid, sum := range sums {
		if sum.Runs == 0 {
			continue
		}
		data, err := sum.Histogram.MarshalBinary()
		if err != nil {
			return err
		}
		c := sum.Counts
		if _, err := tx.ExecContext(ctx, "INSERT INTO rollup (seconds, series, start, invalid, runs, sent, answered, "+
			"late, lost, not_sent, histogram) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			seconds, series, start, invalid, sum.Runs, c.Sent, c.Answered, c.Late, c.Lost, c.NotSent,
			nonNil(data)); err != nil {
			return err
		}
	}
	return nil
}
