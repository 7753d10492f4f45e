package sqlite

import (
	"context"
	"database/sql"
	"iter"
	"strings"
	"time"

	"rtcbench/bench"
)

var _ bench.Digester = (*Store)(nil)

// Digests implements bench.Digester. It reads the briefs, and the runs that have none. If the file is damaged, it reads
// the runs that can be read.
func (s *Store) Digests(ctx context.Context, q bench.Query, skip func(string) bool) iter.Seq2[bench.Digest, error] {
	return func(yield func(bench.Digest, error) bool) {
		const size = 2048
		r := digesting{query: q, skip: skip, after: position{ended: -1 << 62}}
		for {
			var c chunkOfDigests
			err := s.reading(ctx, func(db *sql.DB) (err error) {
				if err = s.wellFiled(ctx, db); err == nil {
					c, err = r.next(ctx, db, size)
				}
				return err
			})
			if ofContent(err) {
				s.digestsOfDamaged(ctx, q, skip, r.after, yield)
				return
			}
			if err != nil {
				yield(bench.Digest{}, s.explain(err))
				return
			}
			for _, d := range c.list {
				if d.Err != nil {
					d.Err = s.unread(d.ID, d.Err)
				}
				if !yield(d.Digest, d.Err) {
					return
				}
			}
			if c.looked < size {
				return
			}
			r.after = c.last
		}
	}
}

// digestsOfDamaged gives the digests after a position that can be read in a damaged file.
func (s *Store) digestsOfDamaged(ctx context.Context, q bench.Query, skip func(string) bool, after position,
	yield func(bench.Digest, error) bool) {
	for d, err := range bench.DigestsOfRuns(ctx, s, q) {
		given := err == nil && (position{d.End.UnixMicro(), d.ID}).compare(after) <= 0
		if skip != nil && skip(d.ID) || given {
			continue
		}
		if !yield(d, err) {
			return
		}
	}
}

// markOf is the SQL expression for what a run adds to the mark of its hour. It uses the key and the end of the ID: a
// key alone may be used again.
func markOf(run string) string {
	return strings.ReplaceAll("R.key % 1000000007 * 65536 + unicode(substr(R.id, -1)) + "+
		"97 * unicode(substr(R.id, -2)) + 9409 * unicode(substr(R.id, -3)) + "+
		"912673 * unicode(substr(R.id, -4))", "R.", run+".")
}

// Marks implements bench.Digester. Triggers keep the marks up to date: they are read every second, and a day may have
// hundreds of thousands of runs.
func (s *Store) Marks(ctx context.Context, since time.Time) (marks map[int64]bench.Mark, err error) {
	err = s.reading(ctx, func(db *sql.DB) error {
		marks = map[int64]bench.Mark{}
		if err := s.wellFiled(ctx, db); err != nil { // checked once, before many digests are read
			return err
		}
		return eachRow(ctx, db, "SELECT start, runs, mark FROM hour WHERE start >= ?", func(rows *sql.Rows) error {
			var hour int64
			var m bench.Mark
			err := rows.Scan(&hour, &m.Runs, &m.Of)
			marks[hour] = m
			return err
		}, since.Unix()/3600)
	})
	return marks, s.explain(err)
}

// IDs implements bench.Digester. It reads an index alone.
func (s *Store) IDs(ctx context.Context, since, until time.Time) (ids []string, err error) {
	err = s.reading(ctx, func(db *sql.DB) error {
		ids = nil
		return eachRow(ctx, db, "SELECT id FROM run INDEXED BY run_ended WHERE ended >= ? AND ended < ?",
			func(rows *sql.Rows) error {
				var id string
				err := rows.Scan(&id)
				ids = append(ids, id)
				return err
			}, since.UnixMicro(), until.UnixMicro())
	})
	return ids, s.explain(err)
}
