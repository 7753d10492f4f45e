package sqlite

import (
	"context"
	"database/sql"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/result"
	"rtcbench/internal/store/rollup"
)

// pathsOfKept says of the runs that were kept before it how their messages travelled, and makes the rollups anew that
// they are in. A run that cannot be read stays where it is. It is a part of the migration to version 3, and speaks that
// version's SQL.
func pathsOfKept(ctx context.Context, tx *sql.Tx) error {
	type period struct{ seconds, series, start int64 }
	anew := map[period]bool{}
	for last, more := int64(-1<<63), true; more; {
		paths, err := pathsAfter(ctx, tx, &last, &more)
		if err != nil {
			return err
		}
		for key, at := range paths {
			if _, err := tx.ExecContext(ctx, "UPDATE run SET path = ? WHERE key = ?", string(at.path),
				key); err != nil {
				return err
			}
			for _, p := range rollup.Periods {
				anew[period{int64(p / time.Second), at.series, rollup.Floor(at.ended, p)}] = true
			}
		}
	}
	for p := range anew {
		if err := countedAtFirst.sumByPath(ctx, tx, p.seconds, p.series, p.start, !checked); err != nil {
			return err
		}
	}
	return nil
}

// checked, as an argument of sumByPath: rows have checksums.
const checked = true

// placeOnPath is where in the rollups a run will be.
type placeOnPath struct {
	place
	path bench.Path
}

// pathsAfter looks at some runs after the one with the key *last, and gives those whose path is known by their keys.
func pathsAfter(ctx context.Context, tx *sql.Tx, last *int64, more *bool) (map[int64]placeOnPath, error) {
	const chunk = 1000
	rows, err := tx.QueryContext(ctx, "SELECT key, series, ended, document FROM run WHERE key > ? ORDER BY key LIMIT ?",
		*last, chunk)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	list := map[int64]placeOnPath{}
	n := 0
	for ; rows.Next(); n++ {
		var ended int64
		var at placeOnPath
		var p result.Packed
		if err := rows.Scan(last, &at.series, &ended, &p.Document); err != nil {
			return nil, err
		}
		at.ended = time.UnixMicro(ended)
		if run, err := p.Run(); err == nil && run.Path() != "" {
			at.path = run.Path()
			list[*last] = at
		}
	}
	*more = n == chunk
	return list, rows.Err()
}

// sumByPath makes the rollups of one series and period of its runs, with the columns that there are. Runs that cannot
// be read are in no sum. checked says that rows have checksums.
func (c columns) sumByPath(ctx context.Context, tx *sql.Tx, seconds, series, start int64, checked bool) error {
	if _, err := tx.ExecContext(ctx, "DELETE FROM rollup WHERE seconds = ? AND series = ? AND start = ?", seconds,
		series, start); err != nil {
		return err
	}
	type kind struct {
		path    bench.Path
		invalid bool
	}
	sums := map[kind]*bench.Aggregate{}
	crc, last := "NULL", "histogram"
	if checked {
		crc, last = "crc", "histogram, crc"
	}
	query := "SELECT 0, series, path, ended, invalid <> 0, 1, " + c.names("") + ", histogram, " + crc +
		" FROM run WHERE series = ? AND ended >= ? AND ended < ?"
	rows, err := tx.QueryContext(ctx, query, series, start*1e6, (start+seconds)*1e6)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var run summed
		var data, crc []byte
		if rows.Scan(append(run.places(c), &data, &crc)...) != nil || run.verify(crc, data) != nil {
			continue
		}
		one, of := bench.Aggregate{Runs: 1, Counts: run.counts}, kind{run.path, run.invalid}
		if one.Histogram.UnmarshalBinary(data) != nil {
			continue
		}
		if sums[of] == nil {
			sums[of] = &bench.Aggregate{}
		}
		sums[of].Merge(one)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for of, sum := range sums {
		data, err := sum.Histogram.MarshalBinary()
		if err != nil {
			return err
		}
		is := summed{seconds, series, of.path, start, of.invalid, sum.Runs, sum.Counts}
		values := append(is.values(c), nonNil(data))
		if checked {
			values = append(values, crcs(is.bytes(), data))
		}
		if _, err := tx.ExecContext(ctx, c.putRollup(last), values...); err != nil {
			return err
		}
	}
	return nil
}
