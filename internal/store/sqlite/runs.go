package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"strings"
	"sync"

	"rtcbench/bench"
)

// Runs reads in chunks. Between two runs no query is open. In a damaged file it reads the runs that can be read.
func (s *Store) Runs(ctx context.Context, q bench.Query) iter.Seq2[bench.Run, error] {
	return func(yield func(bench.Run, error) bool) {
		const size = 256
		from := position{ended: -1 << 62}
		for begun := false; ; {
			var rows []row
			err := s.reading(ctx, func(db *sql.DB) (err error) {
				if !begun {
					if from, err = s.begin(ctx, db, q); err != nil {
						return err
					}
				}
				rows, err = chunk(ctx, db, q, from, size)
				return err
			})
			if ofContent(err) {
				s.salvage(ctx, q, from, err, yield)
				return
			}
			if err != nil {
				yield(bench.Run{}, s.explain(err))
				return
			}
			begun = true
			for r, run := range s.unpacked(rows) {
				if !yield(run.Run, run.err) {
					return
				}
				from = r.position()
			}
			if len(rows) < size {
				return
			}
		}
	}
}

// unpacked is a run, or the reason why it cannot be read.
type unpacked struct {
	bench.Run
	err error
}

// unpacked yields the runs of rows in order. Unpacking takes most of the time of reading, so it uses all processors.
func (s *Store) unpacked(rows []row) iter.Seq2[row, unpacked] {
	return func(yield func(row, unpacked) bool) {
		var work sync.WaitGroup
		defer work.Wait()
		ahead := make([]chan unpacked, runtime.GOMAXPROCS(0))
		begin := func(i int) {
			if i >= len(rows) {
				return
			}
			done := make(chan unpacked, 1)
			ahead[i%len(ahead)] = done
			work.Go(func() {
				run, err := s.unpack(rows[i])
				done <- unpacked{run, err}
			})
		}
		for i := range ahead {
			begin(i)
		}
		for i, r := range rows {
			run := <-ahead[i%len(ahead)]
			begin(i + len(ahead))
			if !yield(r, run) {
				return
			}
		}
	}
}

// unpack is the run of a row. With an error, the run has its ID alone.
func (s *Store) unpack(r row) (bench.Run, error) {
	run, err := r.run()
	if err != nil {
		return bench.Run{ID: r.ID}, s.unread(r.ID, err)
	}
	return run, nil
}

func (s *Store) unread(id string, err error) error {
	return fmt.Errorf("store %s: run %s cannot be read: %w", s.path, id, err)
}

// position is a place in the order of the runs, which is by end (Unix µs) and ID.
type position struct {
	ended int64
	id    string
}

func chunk(ctx context.Context, db *sql.DB, q bench.Query, after position, n int) (list []row, err error) {
	samples := "NULL"
	if q.Samples {
		samples = "run.samples"
	}
	where, args := conditions(q)
	query := "SELECT " + columnsOfRow + ", " + samples +
		" FROM run JOIN series ON series.id = run.series WHERE " + where +
		" AND (run.ended, run.id) > (?, ?) ORDER BY run.ended, run.id LIMIT ?"
	rows, err := db.QueryContext(ctx, query, append(args, after.ended, after.id, n)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		r := row{whole: q.Samples}
		if err := r.scan(rows); err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, rows.Err()
}

// begin is the position before the first run, or before the last q.Limit runs.
func (s *Store) begin(ctx context.Context, db *sql.DB, q bench.Query) (position, error) {
	p := position{ended: -1 << 62}
	if err := s.wellFiled(ctx, db); err != nil || q.Limit == 0 {
		return p, err
	}
	where, args := conditions(q)
	err := db.QueryRowContext(ctx, "SELECT run.ended, run.id FROM run JOIN series ON series.id = run.series WHERE "+
		where+" ORDER BY run.ended DESC, run.id DESC LIMIT 1 OFFSET ?", append(args, q.Limit)...).Scan(&p.ended, &p.id)
	if errors.Is(err, sql.ErrNoRows) { // there are at most q.Limit runs
		err = nil
	}
	return p, err
}

// conditions are the conditions of q in SQL, and their arguments.
func conditions(q bench.Query) (string, []any) {
	where, args := []string{"1"}, []any{}
	add := func(set bool, condition string, value any) {
		if set {
			where, args = append(where, condition), append(args, value)
		}
	}
	add(q.ID != "", "run.id = ?", q.ID)
	add(q.Platform != "", "series.platform = ?", q.Platform)
	add(q.Location != "", "series.location = ?", q.Location)
	add(q.Engine != "", "series.engine = ?", q.Engine)
	add(q.Transport != "", "series.transport = ?", string(q.Transport))
	add(q.Echo != "", "series.echo = ?", q.Echo)
	add(q.Path != "", "run.path = ?", string(q.Path))
	add(!q.Since.IsZero(), "run.ended >= ?", q.Since.UnixMicro())
	add(!q.Until.IsZero(), "run.ended < ?", q.Until.UnixMicro())
	return strings.Join(where, " AND "), args
}

func seriesArgs(s bench.Series) []any {
	return []any{s.Platform, cmp.Or(s.Location, bench.Unknown), s.Engine, string(s.Transport),
		cmp.Or(s.Echo, bench.NoPlace)}
}
