package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/result"
	"rtcbench/internal/stats"
)

// periods are those of the rollups.
var periods = [...]time.Duration{time.Hour, 24 * time.Hour}

// The statements that save: they are prepared once.
const (
	findSeries = "SELECT id FROM series WHERE platform = ? AND location = ? AND engine = ? AND transport = ?"
	addSeries  = "INSERT INTO series (platform, location, engine, transport) VALUES (?, ?, ?, ?) RETURNING id"
	addRun     = `INSERT INTO run (id, series, path, ended, invalid, sent, answered, late, lost, not_sent, histogram, document, samples)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`
	findRollup = "SELECT histogram FROM rollup WHERE seconds = ? AND series = ? AND path = ? AND start = ? AND invalid = ?"
	addRollup  = `INSERT INTO rollup (seconds, series, path, start, invalid, runs, sent, answered, late, lost, not_sent, histogram)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET runs = runs + excluded.runs, sent = sent + excluded.sent, answered = answered + excluded.answered, late = late + excluded.late,
			lost = lost + excluded.lost, not_sent = not_sent + excluded.not_sent, histogram = excluded.histogram`
)

// statements are those, prepared.
type statements struct{ findSeries, addSeries, addRun, findRollup, addRollup *sql.Stmt }

func prepare(ctx context.Context, db *sql.DB) (s statements, err error) {
	for _, x := range []struct {
		to    **sql.Stmt
		query string
	}{{&s.findSeries, findSeries}, {&s.addSeries, addSeries}, {&s.addRun, addRun}, {&s.findRollup, findRollup}, {&s.addRollup, addRollup}} {
		if *x.to, err = db.PrepareContext(ctx, x.query); err != nil {
			return s, err // the database is closed then, and they with it
		}
	}
	return s, nil
}

// batch is what one transaction saves. Rollups are written once, at its end.
type batch struct {
	tx      *sql.Tx
	with    statements
	series  map[bench.Series]int64 // without their paths
	rollups map[rollupKey]*bench.Aggregate
}

type rollupKey struct {
	seconds, series int64
	path            bench.Path
	start           int64
	invalid         bool
}

func newBatch(tx *sql.Tx, with statements) *batch {
	return &batch{tx, with, map[bench.Series]int64{}, map[rollupKey]*bench.Aggregate{}}
}

// save reports whether the run was not there before.
func (b *batch) save(ctx context.Context, r bench.Run, p result.Packed) (bool, error) {
	series, err := b.seriesID(ctx, bench.SeriesOf(r))
	if err != nil {
		return false, err
	}
	c, path := r.Counts, r.Path()
	done, err := b.tx.StmtContext(ctx, b.with.addRun).ExecContext(ctx, r.ID, series, string(path), r.End.UnixMicro(), p.Invalid, c.Sent, c.Answered, c.Late, c.Lost, c.NotSent, nonNil(p.Histogram), string(p.Document), p.Samples)
	if err != nil {
		return false, err
	}
	if n, err := done.RowsAffected(); n == 0 || err != nil {
		return false, err
	}
	one := bench.Aggregate{Runs: 1, Counts: c}
	if err := one.Histogram.UnmarshalBinary(p.Histogram); err != nil {
		return false, err
	}
	for _, period := range periods {
		key := rollupKey{int64(period / time.Second), series, path, floor(r.End, period), p.Invalid}
		if b.rollups[key] == nil {
			b.rollups[key] = &bench.Aggregate{}
		}
		b.rollups[key].Merge(one)
	}
	return true, nil
}

// floor is the start of the period that holds t, in Unix s.
func floor(t time.Time, period time.Duration) int64 {
	seconds := int64(period / time.Second)
	at := t.Unix()
	return at - (at%seconds+seconds)%seconds
}

func (b *batch) seriesID(ctx context.Context, s bench.Series) (id int64, err error) {
	s.Path = "" // is the run's
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

// flush adds what was saved to the rollups that are there.
func (b *batch) flush(ctx context.Context) error {
	for key, sum := range b.rollups {
		var was []byte
		err := b.tx.StmtContext(ctx, b.with.findRollup).QueryRowContext(ctx, key.seconds, key.series, string(key.path), key.start, key.invalid).Scan(&was)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		var before stats.Histogram
		if err := before.UnmarshalBinary(was); err != nil {
			return err
		}
		before.Merge(sum.Histogram)
		data, err := before.MarshalBinary()
		if err != nil {
			return err
		}
		c := sum.Counts
		if _, err := b.tx.StmtContext(ctx, b.with.addRollup).ExecContext(ctx, key.seconds, key.series, string(key.path), key.start, key.invalid,
			sum.Runs, c.Sent, c.Answered, c.Late, c.Lost, c.NotSent, nonNil(data)); err != nil {
			return err
		}
	}
	return nil
}

// nonNil is b as a blob of its length: nil would be NULL.
func nonNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}
