package sqlite

import (
	"context"
	"database/sql"
	"iter"
	"time"

	"rtcbench/bench"
)

var _ bench.Digester = (*Store)(nil)

// Digests goes by the briefs, and reads the runs that have none. Where the file is damaged it goes by the runs that can
// be read.
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

// digestsOfDamaged gives those after a place in their order that can be read.
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
