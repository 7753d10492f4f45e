package sqlite

import (
	"context"
	"database/sql"
	"iter"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/result"
)

var _ bench.Digester = (*Store)(nil)

// Digests goes by the columns, as sums do, and skims the documents. Where the file is damaged it goes by the runs that
// can be read.
func (s *Store) Digests(ctx context.Context, q bench.Query, skip func(string) bool) iter.Seq2[bench.Digest, error] {
	return func(yield func(bench.Digest, error) bool) {
		const size = 1024
		from := position{ended: -1 << 62}
		for {
			var list []bench.Packed
			n := 0
			err := s.reading(ctx, func(db *sql.DB) (err error) {
				if err = s.wellFiled(ctx, db); err == nil {
					list, n, err = digests(ctx, db, q, &from, size, skip)
				}
				return err
			})
			if ofContent(err) {
				for d, err := range bench.DigestsOfRuns(ctx, s, q) {
					given := err == nil && (position{d.End.UnixMicro(), d.ID}).compare(from) <= 0
					if skip != nil && skip(d.ID) || given {
						continue
					}
					if !yield(d, err) {
						return
					}
				}
				return
			}
			if err != nil {
				yield(bench.Digest{}, s.explain(err))
				return
			}
			for _, d := range result.Digests(list) {
				if d.Err != nil {
					d.Err = s.unread(d.ID, d.Err)
				}
				if !yield(d.Digest, d.Err) {
					return
				}
			}
			if n < size {
				return
			}
		}
	}
}

// digests are those of at most n runs after a place in their order, which moves behind them. read is how many runs were
// looked at.
func digests(ctx context.Context, db *sql.DB, q bench.Query, after *position, n int, skip func(string) bool) (
	list []bench.Packed, read int, err error) {
	where, args := conditions(q)
	where += " AND (run.ended, run.id) > (?, ?) ORDER BY run.ended, run.id LIMIT ?"
	args = append(args, after.ended, after.id, n)
	to := *after
	if skip == nil {
		err = eachDigest(ctx, db, where, args, func(p bench.Packed) {
			list, read, to = append(list, p), read+1, position{p.End.UnixMicro(), p.ID}
		})
	} else {
		var ids []string
		ids, read, to, err = notSkipped(ctx, db, where, args, to, skip)
		for _, id := range ids {
			if err == nil {
				err = eachDigest(ctx, db, "run.id = ?", []any{id}, func(p bench.Packed) { list = append(list, p) })
			}
		}
	}
	if err == nil {
		*after = to
	}
	return list, read, err
}

// notSkipped are the runs that are wanted of those that are asked for, and where these end.
func notSkipped(ctx context.Context, db *sql.DB, where string, args []any, at position, skip func(string) bool) (
	ids []string, read int, to position, err error) {
	rows, err := db.QueryContext(ctx, "SELECT run.ended, run.id FROM run JOIN series ON series.id = run.series WHERE "+
		where, args...)
	if err != nil {
		return nil, 0, at, err
	}
	defer rows.Close()
	for ; rows.Next(); read++ {
		if err := rows.Scan(&at.ended, &at.id); err != nil {
			return nil, 0, at, err
		}
		if !skip(at.id) {
			ids = append(ids, at.id)
		}
	}
	return ids, read, at, rows.Err()
}

func eachDigest(ctx context.Context, db *sql.DB, where string, args []any, visit func(bench.Packed)) error {
	rows, err := db.QueryContext(ctx, "SELECT "+columnsOfRow+
		", NULL FROM run JOIN series ON series.id = run.series WHERE "+where, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var r row
		if err := r.scan(rows); err != nil {
			return err
		}
		if r.End = r.End.UTC(); r.verify() != nil {
			r.Document, r.Histogram = nil, nil // it is read as a run that cannot be
		}
		visit(r.Packed.Packed)
	}
	return rows.Err()
}

// markOf adds up what tells one run from another: its key, which may be used again, and the end of its ID.
const markOf = "sum(key % 1000000007 * 65536 + unicode(substr(id, -1)) + 97 * unicode(substr(id, -2)) + " +
	"9409 * unicode(substr(id, -3)) + 912673 * unicode(substr(id, -4)))"

// Marks goes by the index alone.
func (s *Store) Marks(ctx context.Context, since time.Time) (marks map[int64]bench.Mark, err error) {
	err = s.reading(ctx, func(db *sql.DB) error {
		marks = map[int64]bench.Mark{}
		if err := s.wellFiled(ctx, db); err != nil { // once, before many ask for digests
			return err
		}
		rows, err := db.QueryContext(ctx, "SELECT ended / ?, count(*), "+markOf+
			" FROM run INDEXED BY run_ended WHERE ended >= ? GROUP BY 1", time.Hour.Microseconds(), since.UnixMicro())
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var hour int64
			var m bench.Mark
			if err := rows.Scan(&hour, &m.Runs, &m.Of); err != nil {
				return err
			}
			marks[hour] = m
		}
		return rows.Err()
	})
	return marks, s.explain(err)
}

// IDs goes by the index alone.
func (s *Store) IDs(ctx context.Context, since, until time.Time) (ids []string, err error) {
	err = s.reading(ctx, func(db *sql.DB) error {
		ids = nil
		rows, err := db.QueryContext(ctx, "SELECT id FROM run INDEXED BY run_ended WHERE ended >= ? AND ended < ?",
			since.UnixMicro(), until.UnixMicro())
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var id string
			if err := rows.Scan(&id); err != nil {
				return err
			}
			ids = append(ids, id)
		}
		return rows.Err()
	})
	return ids, s.explain(err)
}
