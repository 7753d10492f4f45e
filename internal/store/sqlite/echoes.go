package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/result"
	"rtcbench/internal/store/rollup"
)

// echoesOfKept parts the runs that were kept before it by the place whose echo answered, and makes the rollups anew
// that they were in and are in. A run that cannot be read stays where it is. It is a part of the migration to version
// 5, and speaks that version's SQL.
func echoesOfKept(ctx context.Context, tx *sql.Tx) error {
	type period struct{ seconds, series, start int64 }
	anew := map[period]bool{}
	for last, more := int64(-1<<63), true; more; {
		list, err := answeredElsewhere(ctx, tx, &last, &more)
		if err != nil {
			return err
		}
		for key, at := range list {
			to, err := seriesOfEcho(ctx, tx, at.series, at.echo)
			if err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, "UPDATE run SET series = ?, crc = NULL WHERE key = ?", to,
				key); err != nil {
				return err
			}
			for _, p := range rollup.Periods {
				for _, series := range []int64{at.series, to} {
					anew[period{int64(p / time.Second), series, rollup.Floor(at.ended, p)}] = true
				}
			}
		}
	}
	for p := range anew {
		if err := countedAtFirst.sumByPath(ctx, tx, p.seconds, p.series, p.start, checked); err != nil {
			return err
		}
	}
	return nil
}

// placeByEcho is where in the rollups a run was, and whose echo answered it.
type placeByEcho struct {
	series int64
	ended  time.Time
	echo   string
}

// answeredElsewhere looks at some runs after the one with the key *last, and gives those that the echo of another place
// answered by their keys.
func answeredElsewhere(ctx context.Context, tx *sql.Tx, last *int64, more *bool) (map[int64]placeByEcho, error) {
	const chunk = 1000
	rows, err := tx.QueryContext(ctx, `SELECT key, series, ended, document FROM run
		WHERE key > ? AND instr(document, '"place":') > 0 ORDER BY key LIMIT ?`, *last, chunk)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	list := map[int64]placeByEcho{}
	n := 0
	for ; rows.Next(); n++ {
		var ended int64
		var at placeByEcho
		var p result.Packed
		if err := rows.Scan(last, &at.series, &ended, &p.Document); err != nil {
			return nil, err
		}
		at.ended = time.UnixMicro(ended)
		if run, err := p.Run(); err == nil && run.Echo.Place != "" {
			at.echo = run.Echo.Place
			list[*last] = at
		}
	}
	*more = n == chunk
	return list, rows.Err()
}

// seriesOfEcho is the series that is as another one, but for the echo.
func seriesOfEcho(ctx context.Context, tx *sql.Tx, like int64, echo string) (id int64, err error) {
	var s bench.Series
	if err := tx.QueryRowContext(ctx, "SELECT platform, location, engine, transport FROM series WHERE id = ?",
		like).Scan(&s.Platform, &s.Location, &s.Engine, &s.Transport); err != nil {
		return 0, err
	}
	s.Echo = echo
	err = tx.QueryRowContext(ctx, findSeries, seriesArgs(s)...).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		err = tx.QueryRowContext(ctx, addSeries, seriesArgs(s)...).Scan(&id)
	}
	return id, err
}
