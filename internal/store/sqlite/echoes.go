package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"rtcbench/bench"
)

// echoesOfKept parts the runs that were kept before it by the place whose echo answered, and makes the rollups anew
// that they were in and are in. A run that cannot be read stays where it is. It is a part of the migration to version
// 5, and speaks that version's SQL.
func echoesOfKept(ctx context.Context, tx *sql.Tx) error {
	return visit{
		where: `instr(document, '"place":') > 0`,
		look:  func(r bench.Run) (string, bool) { return r.Echo.Place, r.Echo.Place != "" },
		write: func(r visited) (int64, error) {
			to, err := seriesOfEcho(ctx, tx, r.series, r.value)
			if err == nil {
				_, err = tx.ExecContext(ctx, "UPDATE run SET series = ?, crc = NULL WHERE key = ?", to, r.key)
			}
			return to, err
		},
		sum: func(seconds, series, start int64) error {
			return countedAtFirst.sumByPath(ctx, tx, seconds, series, start, checked)
		},
	}.all(ctx, tx)
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
