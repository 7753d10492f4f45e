package sqlite

import (
	"context"
	"database/sql"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/result"
	"rtcbench/internal/store/rollup"
)

// revisit goes through the runs that were kept before a migration. What look finds out of one goes into that column of
// its row, and the sums that it is in are made anew by sum. A run that cannot be read stays as it is, and so does one
// of which look finds nothing.
func revisit(ctx context.Context, tx *sql.Tx, column string, look func(bench.Run) (value any, found bool),
	sum func(seconds, series, start int64) error) error {
	type period struct{ seconds, series, start int64 }
	anew := map[period]bool{}
	for last, more := int64(-1<<63), true; more; {
		list, err := visited(ctx, tx, &last, &more, look)
		if err != nil {
			return err
		}
		for _, r := range list {
			set := "UPDATE run SET " + column + " = ? WHERE key = ?"
			if _, err := tx.ExecContext(ctx, set, r.value, r.key); err != nil {
				return err
			}
			for _, p := range rollup.Periods {
				anew[period{int64(p / time.Second), r.series, rollup.Floor(r.ended, p)}] = true
			}
		}
	}
	for p := range anew {
		if err := sum(p.seconds, p.series, p.start); err != nil {
			return err
		}
	}
	return nil
}

// seen is a run, the series and the time by which it is in sums, and what was found out of it.
type seen struct {
	key, series int64
	ended       time.Time
	value       any
}

// visited looks at some runs after the one with the key *last, and gives those of which something was found out.
func visited(ctx context.Context, tx *sql.Tx, last *int64, more *bool, look func(bench.Run) (any, bool)) (list []seen,
	err error) {
	const chunk = 1000
	rows, err := tx.QueryContext(ctx, "SELECT key, series, ended, document FROM run WHERE key > ? ORDER BY key LIMIT ?",
		*last, chunk)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	n := 0
	for ; rows.Next(); n++ {
		var ended int64
		var r seen
		var p result.Packed
		if err := rows.Scan(last, &r.series, &ended, &p.Document); err != nil {
			return nil, err
		}
		run, err := p.Run()
		if err != nil {
			continue
		}
		if value, found := look(run); found {
			r.key, r.ended, r.value = *last, time.UnixMicro(ended), value
			list = append(list, r)
		}
	}
	*more = n == chunk
	return list, rows.Err()
}
