package postgres

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"rtcbench/bench"
	"rtcbench/internal/result"
)

// toVersion2 divides series by the place whose echo answered, and adds the columns for overviews to runs.
const toVersion2 = `
ALTER TABLE rtcbench.series ADD COLUMN echo text NOT NULL DEFAULT 'none';
ALTER TABLE rtcbench.series DROP CONSTRAINT series_platform_location_engine_transport_key;
ALTER TABLE rtcbench.series ADD UNIQUE (platform, location, engine, transport, echo);
ALTER TABLE rtcbench.run ADD COLUMN verdict text, ADD COLUMN p95 bigint;
UPDATE rtcbench.about SET version = 2;
`

// upgrade turns a layout of version 1 into version 2. Runs that another place's echo answered move to series of their
// own, and their sums change accordingly.
func upgrade(ctx context.Context, tx pgx.Tx) (made []string, err error) {
	if _, err := tx.Exec(ctx, toVersion2); err != nil {
		return nil, err
	}
	rows, err := tx.Query(ctx, "SELECT run.ended, run.id::text, run.series, run.path, run.invalid, run.document::text "+
		"FROM rtcbench.run WHERE document #>> '{details,echo,place}' <> ''")
	if err != nil {
		return nil, err
	}
	type moved struct {
		end      time.Time
		id       string
		series   int64
		path     string
		invalid  bool
		document string
	}
	list, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (m moved, err error) {
		return m, r.Scan(&m.end, &m.id, &m.series, &m.path, &m.invalid, &m.document)
	})
	anew := map[rollupKey]bool{}
	for i := 0; i < len(list) && err == nil; i++ {
		m := list[i]
		run, unread := (result.Packed{Packed: bench.Packed{Document: []byte(m.document)}}).Run()
		if unread != nil || run.Echo.Place == "" { // the run stays in its series
			continue
		}
		var to int64
		if to, err = seriesOfEcho(ctx, tx, m.series, run.Echo.Place); err != nil {
			break
		}
		for _, key := range append(rollupsOf(m.series, m.path, m.end, m.invalid),
			rollupsOf(to, m.path, m.end, m.invalid)...) {
			anew[key] = true
		}
		_, err = tx.Exec(ctx, "UPDATE rtcbench.run SET series = $1 WHERE ended = $2 AND id = $3::text::uuid", to, m.end,
			m.id)
	}
	if err == nil {
		err = sumsAnew(ctx, tx, slices.SortedFunc(maps.Keys(anew), rollupKey.compare))
	}
	return []string{"version 2 of its layout"}, err
}

// seriesOfEcho is the series that differs from the series like only in the echo. It is made if it is missing.
func seriesOfEcho(ctx context.Context, tx pgx.Tx, like int64, echo string) (id int64, err error) {
	err = tx.QueryRow(ctx, "SELECT b.id FROM rtcbench.series a JOIN rtcbench.series b USING (platform, location, "+
		"engine, transport) WHERE a.id = $1 AND b.echo = $2", like, echo).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		err = tx.QueryRow(ctx, "INSERT INTO rtcbench.series (platform, location, engine, transport, echo) "+
			"SELECT platform, location, engine, transport, $2 FROM rtcbench.series WHERE id = $1 RETURNING id", like,
			echo).Scan(&id)
	}
	return id, err
}

// sumsAnew is sumAnew, but makes missing sums first.
func sumsAnew(ctx context.Context, tx pgx.Tx, keys []rollupKey) error {
	for _, k := range keys {
		if _, err := tx.Exec(ctx, "INSERT INTO rtcbench.rollup (seconds, series, path, start, invalid, runs, "+
			"histogram) VALUES ($1, $2, $3, $4, $5, 0, '') ON CONFLICT DO NOTHING", k.seconds, k.series, k.path,
			time.Unix(k.start, 0), k.invalid); err != nil {
			return err
		}
	}
	return sumAnew(ctx, tx, keys)
}
