package sqlite

import (
	"context"
	"database/sql"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/result"
	"rtcbench/internal/store/rollup"
)

// visit is what a migration does with the runs that were kept before it. A run that cannot be read stays as it is, and
// so does one of which nothing is found.
type visit struct {
	where string // which runs are looked at, in SQL; "" = all
	look  func(bench.Run) (value string, found bool)
	// write puts what was found into a run's row. The sums of the run's series, and of that one if it is not 0, are
	// then made anew.
	write func(r visited) (also int64, err error)
	sum   func(seconds, series, start int64) error
}

// visited is a run, the series and the time by which it is in sums, and what was found of it.
type visited struct {
	key, series int64
	ended       time.Time
	value       string
}

// all goes through the runs.
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

// some looks at runs after the one with the key *last, and gives those of which something was found.
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
