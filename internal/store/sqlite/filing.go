package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/result"
)

// A run is filed by columns that filters and sums go by: its series, its path, its end and its counts. All of them
// stand in its document, too. Where the two contradict each other the file is damaged.

// filed are those columns, but for the counts: of an older version a store has fewer.
type filed struct {
	end    int64 // Unix µs
	series bench.Series
}

// columnsFiled are read into a filed by its places, from run JOIN series.
const columnsFiled = "run.ended, series.platform, series.location, series.engine, series.transport, run.path"

func (f *filed) places() []any {
	s := &f.series
	return []any{&f.end, &s.Platform, &s.Location, &s.Engine, &s.Transport, &s.Path}
}

// rounded is how far the end of a run may be from the one that its document rounds.
const rounded = time.Millisecond

// contradiction is an error if r is not of the kind that it is filed as.
func (f filed) contradiction(r bench.Run) error {
	is := bench.SeriesOf(r)
	if f.series.Transport == "" { // nobody knew it of the original's runs
		is.Transport = ""
	}
	for _, x := range [][3]string{
		{"platform", f.series.Platform, is.Platform},
		{"location", f.series.Location, is.Location},
		{"engine", f.series.Engine, is.Engine},
		{"transport class", string(f.series.Transport), string(is.Transport)},
	} {
		if x[1] != x[2] {
			return fmt.Errorf("it is filed under the %s %.40q, and says that it is of %.40q", x[0], x[1], x[2])
		}
	}
	if path := f.series.Path; path != "" && !path.Valid() {
		return fmt.Errorf("it is filed under the path %.40q, which there is not", path)
	}
	if ended := time.UnixMicro(f.end); r.End.Sub(ended).Abs() > rounded {
		return fmt.Errorf("it is filed under %v, and says that it ended at %v", ended.UTC(), r.End.UTC())
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
		var of filed
		err = db.QueryRowContext(ctx, "SELECT platform, location, engine, transport FROM series WHERE id = ?", id).
			Scan(of.places()[1:5]...)
		if errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("%w: runs are filed under series %d, which is not there", errDamage, id)
		}
		if err != nil {
			return err
		}
		first, why, err := of.held(ctx, db, id, "ended, key")
		if err != nil {
			return err
		}
		if why == nil {
			continue
		}
		last, why, err := of.held(ctx, db, id, "ended DESC, key DESC")
		if err != nil {
			return err
		}
		if why != nil && first != last {
			return fmt.Errorf("%w: series %d is not that of its runs: %w", errDamage, id, why)
		}
	}
	return nil
}

// held holds the series against its first run in that order. A run that cannot be read says nothing.
func (f filed) held(ctx context.Context, db *sql.DB, series int64, order string) (key int64, why, err error) {
	var p result.Packed
	query := "SELECT key, ended, document FROM run WHERE series = ? ORDER BY " + order + " LIMIT 1"
	if err := db.QueryRowContext(ctx, query, series).Scan(&key, &f.end, &p.Document); err != nil {
		return 0, nil, err
	}
	if r, unread := p.Run(); unread == nil {
		f.end = r.End.UnixMicro()
		why = f.contradiction(r)
	}
	return key, why, nil
}
