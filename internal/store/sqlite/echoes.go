package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"rtcbench/bench"
)

// echoesOfKept is a part of the migration to version 5, and uses the SQL of that version. It divides the series of kept
// runs by the place whose echo answered, and computes the rollups again that change. A run that cannot be read stays in
// its series.
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

// seriesOfEcho is the series that differs from the series like only in the echo. It is made if it is missing.
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
