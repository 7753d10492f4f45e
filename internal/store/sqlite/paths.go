package sqlite

import (
	"context"
	"database/sql"

	"rtcbench/bench"
)

// pathsOfKept is a part of the migration to version 3, and uses the SQL of that version. It fills in how the messages
// of kept runs travelled, and computes their rollups again. A run that cannot be read stays as it is.
func pathsOfKept(ctx context.Context, tx *sql.Tx) error {
	return visit{
		look: func(r bench.Run) (string, bool) { return string(r.Path()), r.Path() != "" },
		write: func(r visited) (int64, error) {
			_, err := tx.ExecContext(ctx, "UPDATE run SET path = ? WHERE key = ?", r.value, r.key)
			return 0, err
		},
		sum: func(seconds, series, start int64) error {
			return countedAtFirst.sumByPath(ctx, tx, seconds, series, start, !checked)
		},
	}.all(ctx, tx)
}

// checked, as an argument of sumByPath: rows have checksums.
const checked = true

// sumByPath computes the rollups of a series and a period from their runs, for the counts in c. A run that cannot be
// read is in no sum. checked says that rows have checksums.
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
