package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/result"
)

// row is a row of the table of runs. The columns by which the run is filed are its series, path, end, counts and
// verdict. The document contains the same values.
type row struct {
	result.Packed
	series int64
	ended  int64 // Unix µs
	crc    []byte

	whole   bool // the samples were read, if the run has any
	unfiled bool // the columns by which it is filed were not read
}

// columnsOfRow are the columns that scan reads, from run JOIN series. The samples and further columns follow.
var columnsOfRow = "run.id, run.series, run.ended, run.invalid, " + counted.names("run.") +
	", series.platform, series.location, series.engine, series.transport, series.echo, run.path, " +
	"run.histogram, run.document, run.crc"

// scan reads a row that begins with columnsOfRow and the samples. Further columns go to more.
func (r *row) scan(rows *sql.Rows, more ...any) error {
	s := &r.Series
	to := append([]any{&r.ID, &r.series, &r.ended, &r.Invalid}, counted.in(&r.Counts)...)
	to = append(to, &s.Platform, &s.Location, &s.Engine, &s.Transport, &s.Echo, &s.Path, &r.Histogram, &r.Document,
		&r.crc, &r.Samples)
	err := rows.Scan(append(to, more...)...)
	r.End = time.UnixMicro(r.ended)
	return err
}

func (r row) position() position { return position{r.ended, r.ID} }

// run is the run of a row. The error says that the row is damaged, or that its columns contradict its document.
func (r row) run() (run bench.Run, err error) {
	if !r.unfiled {
		run, err = r.AsFiled()
	} else if run, err = r.Packed.Run(); err == nil && run.ID != r.ID {
		err = fmt.Errorf("it holds the run %s", run.ID)
	}
	return run, cmp.Or(err, r.verify())
}

// verify is an error if what was read of a row differs from what was written.
func (r row) verify() error {
	parts := [][]byte{partHistogram: r.Histogram, partDocument: r.Document}
	if r.whole {
		parts = append(parts, r.Samples)
	}
	if !r.unfiled {
		parts[partColumns] = summed{0, r.series, r.Series.Path, r.ended, r.Invalid, 1, r.Counts}.bytes()
	}
	for i, part := range parts {
		if i == partColumns && r.unfiled {
			continue
		}
		if err := verify(r.crc, i, part); err != nil {
			return err
		}
	}
	return nil
}

// wellFiled calls misfiled once for each time that the file is opened: a history would call it some thirty times.
func (s *Store) wellFiled(ctx context.Context, db *sql.DB) error {
	if s.filed.Load() == db {
		return nil
	}
	err := misfiled(ctx, db)
	if err == nil {
		s.filed.Store(db)
	}
	return err
}

// misfiled is an error if a series is not the series of its runs. It compares each series with its first run and its
// last run. If only one run contradicts its series, the run may be damaged; if both do, the series is.
func misfiled(ctx context.Context, db *sql.DB) error {
	for id, more := int64(-1<<63), true; more; {
		err := db.QueryRowContext(ctx, "SELECT series FROM run WHERE series > ? ORDER BY series LIMIT 1", id).Scan(&id)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		var of bench.Series
		err = db.QueryRowContext(ctx, "SELECT platform, location, engine, transport, echo FROM series WHERE id = ?",
			id).Scan(&of.Platform, &of.Location, &of.Engine, &of.Transport, &of.Echo)
		if errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("%w: runs are filed under series %d, which is not there", errDamage, id)
		}
		if err != nil {
			return err
		}
		first, why, err := held(ctx, db, of, id, "ended, key")
		if err != nil {
			return err
		}
		if why == nil {
			continue
		}
		last, why, err := held(ctx, db, of, id, "ended DESC, key DESC")
		if err != nil {
			return err
		}
		if why != nil && first != last {
			return fmt.Errorf("%w: series %d is not that of its runs: %w", errDamage, id, why)
		}
	}
	return nil
}

// held compares a series with its first run in the given order. why says how they differ; nil = they agree, or the run
// cannot be read.
func held(ctx context.Context, db *sql.DB, of bench.Series, id int64, order string) (key int64, why, err error) {
	var p result.Packed
	query := "SELECT key, document FROM run WHERE series = ? ORDER BY " + order + " LIMIT 1"
	if err := db.QueryRowContext(ctx, query, id).Scan(&key, &p.Document); err != nil {
		return 0, nil, err
	}
	if r, unread := p.Run(); unread == nil {
		why = result.OfSeries(of, r)
	}
	return key, why, nil
}
