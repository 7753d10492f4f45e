package sqlite

import (
	"context"
	"database/sql"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/result"
	"rtcbench/internal/store/rollup"
)

// visit is how a migration changes the runs that are kept. A run that cannot be read stays as it is, and so does a run
// for which look finds nothing.
type visit struct {
	where string // condition in SQL; "" = all runs are looked at
	look  func(bench.Run) (value string, found bool)
	// write writes the value into the row of a run. Afterwards the rollups of the run's series are computed again, and
	// those of the series also if it is not 0.
	write func(r visited) (also int64, err error)
	sum   func(seconds, series, start int64) error
}

// visited is a run with its series, its end, and the value that look found.
type visited struct {
	key, series int64
	ended       time.Time
	value       string
}

// all visits all runs, and then computes the rollups again.
func (v visit) all(ctx context.Context, tx *sql.Tx) error {
	type period struct{ seconds, series, start int64 }
	anew := map[period]bool{}
	for last, more := int64(-1<<63), true; more; {
		list, err := v.some(ctx, tx, &last, &more)
		if err != nil {
			return err
		}
		for _, r := range list {
			also, err := v.write(r)
			if err != nil {
				return err
			}
			for _, p := range rollup.Periods {
				anew[period{int64(p / time.Second), r.series, rollup.Floor(r.ended, p)}] = true
				if also != 0 {
					anew[period{int64(p / time.Second), also, rollup.Floor(r.ended, p)}] = true
				}
			}
		}
	}
	for p := range anew {
		if err := v.sum(p.seconds, p.series, p.start); err != nil {
			return err
		}
	}
	return nil
}

// some looks at a chunk of runs after the key *last, and gives the runs for which look found a value. more says whether
// further runs may follow.
func (v visit) some(ctx context.Context, tx *sql.Tx, last *int64, more *bool) (list []visited, err error) {
	const chunk = 1000
	where := "key > ?"
	if v.where != "" {
		where += " AND " + v.where
	}
	rows, err := tx.QueryContext(ctx,
		"SELECT key, series, ended, document FROM run WHERE "+where+" ORDER BY key LIMIT ?", *last, chunk)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	n := 0
	for ; rows.Next(); n++ {
		var ended int64
		var r visited
		var p result.Packed
		if err := rows.Scan(last, &r.series, &ended, &p.Document); err != nil {
			return nil, err
		}
		run, err := p.Run()
		if err != nil {
			continue
		}
		var found bool
		if r.value, found = v.look(run); found {
			r.key, r.ended = *last, time.UnixMicro(ended)
			list = append(list, r)
		}
	}
	*more = n == chunk
	return list, rows.Err()
}
