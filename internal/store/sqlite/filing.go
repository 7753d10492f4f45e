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

// row is a run as the table has it: what it is filed by (its series, its path, its end, its counts, its verdict), and
// all of it as bytes.
type row struct {
	result.Packed
	series int64
	ended  int64 // Unix µs
	crc    []byte

	whole   bool // its samples were read, if there are any
	unfiled bool // nothing was read of what it is filed by
}

// columnsOfRow are read by scan, from run JOIN series; the samples and what else is wanted follow.
var columnsOfRow = "run.id, run.series, run.ended, run.invalid, " + counted.names("run.") +
	", series.platform, series.location, series.engine, series.transport, series.echo, run.path, " +
	"run.histogram, run.document, run.crc"

// scan reads a row that begins with columnsOfRow and its samples.
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

// run is the run of a row that is as it was written, and is filed as what it is.
func (r row) run() (run bench.Run, err error) {
	if !r.unfiled {
		run, err = r.AsFiled()
	} else if run, err = r.Packed.Run(); err == nil && run.ID != r.ID {
		err = fmt.Errorf("it holds the run %s", run.ID)
	}
	return run, cmp.Or(err, r.verify())
}

// verify is an error if what was read of a row is not as it was written.
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

// wellFiled is misfiled, once for each time that the file is opened: a history reads it some thirty times.
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

// misfiled finds out whether the series are those of their runs: each is held against its first run and its last one.
// One run that contradicts its series may be damaged itself; if both do, the series is.
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

// held holds the series against its first run in that order. A run that cannot be read says nothing, and a run that is
// filed elsewhere than it says is as good a witness.
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
