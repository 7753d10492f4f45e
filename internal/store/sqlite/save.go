package sqlite

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/result"
	"rtcbench/internal/store/rollup"
)

// The statements for saving. They are prepared once.
const (
	findSeries = "SELECT id FROM series WHERE platform = ? AND location = ? AND engine = ? AND transport = ? AND " +
		"echo = ?"
	addSeries = "INSERT INTO series (platform, location, engine, transport, echo) VALUES (?, ?, ?, ?, ?) RETURNING id"
	addDigest = "INSERT OR REPLACE INTO digest (key, data) VALUES (?, ?)"
)

var (
	addRun = insert("run", "id, series, path, ended, invalid", counted, "histogram, document, samples, crc") +
		" ON CONFLICT (id) DO NOTHING"
	findRollup = "SELECT seconds, series, path, start, invalid, runs, " + counted.names("") +
		", histogram, crc FROM rollup WHERE seconds = ? AND series = ? AND path = ? AND start = ? AND invalid = ?"
	putRollup = counted.putRollup("histogram, crc")
	// Reads a run as readers find it: by its ID, by both indexes, and with its series.
	readBack = "SELECT " + columnsOfRow + `, run.samples,
		(SELECT count(*) FROM run a INDEXED BY run_ended WHERE a.ended = run.ended AND a.id = run.id) +
		(SELECT count(*) FROM run b INDEXED BY run_series WHERE b.series = run.series AND b.ended = run.ended AND ` +
		`b.key = run.key)
		FROM run JOIN series ON series.id = run.series WHERE run.id = ?`
)

// statements are the prepared statements.
type statements struct{ findSeries, addSeries, addRun, addDigest, findRollup, putRollup, readBack *sql.Stmt }

func prepare(ctx context.Context, db *sql.DB) (s statements, err error) {
	for _, x := range []struct {
		to    **sql.Stmt
		query string
	}{
		{&s.findSeries, findSeries}, {&s.addSeries, addSeries}, {&s.addRun, addRun}, {&s.addDigest, addDigest},
		{&s.findRollup, findRollup}, {&s.putRollup, putRollup}, {&s.readBack, readBack},
	} {
		if *x.to, err = db.PrepareContext(ctx, x.query); err != nil {
			return s, err // the caller then closes the database, and the statements with it
		}
	}
	return s, nil
}

// batch is what one transaction saves. It writes the rollups once, at its end.
type batch struct {
	tx      *sql.Tx
	with    statements
	series  map[bench.Series]int64 // their paths are left out
	rollups map[rollupKey]*bench.Aggregate
	anew    map[rollupKey]bool // rollups to compute from their runs
}

type rollupKey struct {
	seconds, series int64
	path            bench.Path
	start           int64
	invalid         bool
}

func newBatch(tx *sql.Tx, with statements) *batch {
	return &batch{tx, with, map[bench.Series]int64{}, map[rollupKey]*bench.Aggregate{}, map[rollupKey]bool{}}
}

// saveAll saves runs and reads them back. It checks between two runs whether ctx has ended: passing ctx to a statement
// would start a goroutine, for a statement of some microseconds.
func (b *batch) saveAll(ctx context.Context, list []bench.Packed) (fresh int, err error) {
	until := ctx.Err
	ctx = context.WithoutCancel(ctx)
	for _, p := range list {
		if err := until(); err != nil {
			return 0, err
		}
		saved, err := b.save(ctx, p)
		if err != nil {
			return 0, err
		}
		if saved {
			fresh++
		}
	}
	if err := b.flush(ctx); err != nil {
		return 0, err
	}
	for _, p := range list {
		if err := until(); err != nil {
			return 0, err
		}
		if err := b.isThere(ctx, p); err != nil {
			return 0, err
		}
	}
	return fresh, nil
}

// isThere is an error if the run cannot be read as it was written. A run that was there before may be packed
// differently, by another version.
func (b *batch) isThere(ctx context.Context, p bench.Packed) error {
	r, indexed, err := b.kept(ctx, p.ID)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return fmt.Errorf("%w: run %s was written and is not there", errDamage, p.ID)
	case err != nil:
		return err
	case indexed == 2 && r.is(p):
		return nil
	}
	if _, err := r.run(); err != nil || indexed != 2 {
		return fmt.Errorf("%w: run %s comes back otherwise than it was written: %v", errDamage, p.ID, err)
	}
	return nil
}

// is reports whether a row is exactly what save writes for p.
func (r row) is(p bench.Packed) bool {
	return bytes.Equal(r.Document, p.Document) && bytes.Equal(r.Samples, p.Samples) &&
		bytes.Equal(r.Histogram, p.Histogram) && r.Counts == p.Counts.Summed() && r.End.Equal(p.End) &&
		r.Series == p.Series && r.Invalid == p.Invalid && bytes.Equal(r.crc, crcsOf(p, r.series))
}

// kept reads the row of a run. indexed is in how many of the two indexes the run is.
func (b *batch) kept(ctx context.Context, id string) (r row, indexed int, err error) {
	rows, err := b.tx.StmtContext(ctx, b.with.readBack).QueryContext(ctx, id)
	if err != nil {
		return r, 0, err
	}
	defer rows.Close()
	if !rows.Next() {
		return r, 0, cmp.Or(rows.Err(), sql.ErrNoRows)
	}
	r.whole = true
	err = r.scan(rows, &indexed)
	return r, indexed, err
}

// save saves a run, and reports whether it was not there before. A run that is there and cannot be read is replaced.
// Another run with the ID of one that is there is refused.
func (b *batch) save(ctx context.Context, p bench.Packed) (bool, error) {
	series, err := b.seriesID(ctx, p.Series)
	if err != nil {
		return false, err
	}
	path := p.Series.Path
	values := append([]any{p.ID, series, string(path), p.End.UnixMicro(), p.Invalid}, counted.of(p.Counts)...)
	values = append(values, nonNil(p.Histogram), string(p.Document), p.Samples, crcsOf(p, series))
	done, err := b.tx.StmtContext(ctx, b.with.addRun).ExecContext(ctx, values...)
	if err != nil {
		return false, err
	}
	if n, err := done.RowsAffected(); err != nil {
		return false, err
	} else if n == 0 {
		return false, b.mend(ctx, p)
	}
	if data := briefOf(p, series); data != nil {
		key, err := done.LastInsertId()
		if err == nil {
			_, err = b.tx.StmtContext(ctx, b.with.addDigest).ExecContext(ctx, key, data)
		}
		if err != nil {
			return false, err
		}
	}
	one := bench.Aggregate{Runs: 1, Counts: p.Counts}
	if err := one.Histogram.UnmarshalBinary(p.Histogram); err != nil {
		return false, err
	}
	for _, key := range rollupsOf(series, path, p.End, p.Invalid) {
		if b.rollups[key] == nil {
			b.rollups[key] = &bench.Aggregate{}
		}
		b.rollups[key].Merge(one)
	}
	return true, nil
}

// mend replaces a run that is there and cannot be read. It refuses p if the run that is there is another.
func (b *batch) mend(ctx context.Context, p bench.Packed) error {
	r, _, err := b.kept(ctx, p.ID)
	if err == nil && r.is(p) {
		return nil
	}
	if err == nil {
		if _, unread := r.run(); unread == nil {
			return result.Kept(r.Packed.Packed, p)
		}
	}
	removed, err := b.remove(ctx, p.ID)
	if err != nil {
		return err
	}
	if !removed {
		return fmt.Errorf("%w: run %s is there and cannot be found", errDamage, p.ID)
	}
	_, err = b.save(ctx, p)
	return err
}

// remove removes a run, and reports whether it was there.
func (b *batch) remove(ctx context.Context, id string) (bool, error) {
	var key, series, ended int64
	err := b.tx.QueryRowContext(ctx, "DELETE FROM run WHERE id = ? RETURNING key, series, ended", id).Scan(&key,
		&series, &ended)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err == nil {
		_, err = b.tx.ExecContext(ctx, "DELETE FROM digest WHERE key = ?", key)
	}
	for _, key := range rollupsOf(series, "", time.UnixMicro(ended), false) {
		b.anew[key] = true
	}
	return err == nil, err
}

// rollupsOf are the keys of the rollups that a run belongs to.
func rollupsOf(series int64, path bench.Path, end time.Time, invalid bool) (list []rollupKey) {
	for _, period := range rollup.Periods {
		list = append(list, rollupKey{int64(period / time.Second), series, path, rollup.Floor(end, period), invalid})
	}
	return list
}

func (b *batch) seriesID(ctx context.Context, s bench.Series) (id int64, err error) {
	s.Path = "" // a path belongs to the run, not to the series
	if id, ok := b.series[s]; ok {
		return id, nil
	}
	args := seriesArgs(s)
	err = b.tx.StmtContext(ctx, b.with.findSeries).QueryRowContext(ctx, args...).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		err = b.tx.StmtContext(ctx, b.with.addSeries).QueryRowContext(ctx, args...).Scan(&id)
	}
	if err == nil {
		b.series[s] = id
	}
	return id, err
}

// flush adds the saved runs to their rollups.
func (b *batch) flush(ctx context.Context) error {
	for key, sum := range b.rollups {
		var before summed
		var was, crc []byte
		err := b.tx.StmtContext(ctx, b.with.findRollup).QueryRowContext(ctx, key.seconds, key.series, string(key.path),
			key.start, key.invalid).Scan(append(before.places(counted), &was, &crc)...)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		there := bench.Aggregate{Runs: before.runs, Counts: before.counts}
		if before.verify(crc, was) != nil || there.Histogram.UnmarshalBinary(was) != nil {
			b.anew[key] = true
			continue
		}
		there.Merge(*sum)
		data, err := there.Histogram.MarshalBinary()
		if err != nil {
			return err
		}
		is := summed{key.seconds, key.series, key.path, key.start, key.invalid, there.Runs, there.Counts}
		values := append(is.values(counted), nonNil(data), crcs(is.bytes(), data))
		if _, err := b.tx.StmtContext(ctx, b.with.putRollup).ExecContext(ctx, values...); err != nil {
			return err
		}
	}
	for key := range b.anew { // last: these sums include the runs of the batch
		if err := counted.sumByPath(ctx, b.tx, key.seconds, key.series, key.start, checked); err != nil {
			return err
		}
	}
	return nil
}

// Remove removes a run from the store and from its sums, and reports whether the store had it.
func (s *Store) Remove(ctx context.Context, id string) (bool, error) {
	n, err := s.transact(ctx, func(b *batch) (int, error) {
		removed, err := b.remove(ctx, id)
		if err != nil || !removed {
			return 0, err
		}
		return 1, b.flush(ctx)
	})
	return n == 1, s.explain(err)
}

// nonNil is b, or an empty slice if b is nil: nil would become NULL.
func nonNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}
