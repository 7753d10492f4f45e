package sqlite

import (
	"context"
	"database/sql"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/result"
	"rtcbench/internal/store/rollup"
)

// judgeKept marks the invalid ones among the runs that were kept before runs were judged, and makes the rollups anew
// that they are in. A run that cannot be read stays where it is. It is a part of the migration to version 2, and speaks
// that version's SQL.
func judgeKept(ctx context.Context, tx *sql.Tx) error {
	type period struct{ seconds, series, start int64 }
	anew := map[period]bool{}
	for last, more := int64(-1<<63), true; more; {
		invalid, err := invalidAfter(ctx, tx, &last, &more)
		if err != nil {
			return err
		}
		for key, at := range invalid {
			if _, err := tx.ExecContext(ctx, "UPDATE run SET invalid = 1 WHERE key = ?", key); err != nil {
				return err
			}
			for _, p := range rollup.Periods {
				anew[period{int64(p / time.Second), at.series, rollup.Floor(at.ended, p)}] = true
			}
		}
	}
	for p := range anew {
		if err := sumAnew(ctx, tx, p.seconds, p.series, p.start); err != nil {
			return err
		}
	}
	return nil
}

// place is where in the rollups a run is.
type place struct {
	series int64
	ended  time.Time
}

// invalidAfter looks at some runs after the one with the key *last, and gives the invalid ones by their keys.
func invalidAfter(ctx context.Context, tx *sql.Tx, last *int64, more *bool) (map[int64]place, error) {
	const chunk = 1000
	rows, err := tx.QueryContext(ctx, "SELECT key, series, ended, document FROM run WHERE key > ? ORDER BY key LIMIT ?",
		*last, chunk)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	list := map[int64]place{}
	n := 0
	for ; rows.Next(); n++ {
		var ended int64
		var at place
		var p result.Packed
		if err := rows.Scan(last, &at.series, &ended, &p.Document); err != nil {
			return nil, err
		}
		at.ended = time.UnixMicro(ended)
		if run, err := p.Run(); err == nil && bench.Summarise(run).Validity.Verdict == bench.Invalid {
			list[*last] = at
		}
	}
	*more = n == chunk
	return list, rows.Err()
}

// sumAnew makes the two rollups of one series and period of its runs. A run that cannot be read is in no sum.
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
