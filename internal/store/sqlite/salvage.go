package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	codes "modernc.org/sqlite/lib"

	"rtcbench/bench"
)

// salvage yields the runs of a damaged file after from that can be read. Then it yields an error that says how many
// cannot.
func (s *Store) salvage(
	ctx context.Context, q bench.Query, from position, why error, yield func(bench.Run, error) bool,
) {
	var list []found
	lost := 0
	if err := s.reading(ctx, func(db *sql.DB) (err error) {
		list, lost, err = search(ctx, db)
		return err
	}); err != nil {
		yield(bench.Run{}, s.explain(err))
		return
	}
	list = slices.DeleteFunc(list, func(f found) bool { return f.compare(from) <= 0 })
	// Whether q asks for a run shows only when the run is read.
	if limit := q.Limit; limit > 0 {
		q.Limit = 0
		list = s.lastOf(ctx, list, q, limit)
	}
	for _, f := range list {
		run, err := s.one(ctx, f, q.Samples)
		if ctx.Err() != nil {
			yield(bench.Run{}, ctx.Err())
			return
		}
		if err == nil && !q.Matches(run) || err != nil && q.ID != "" && q.ID != run.ID {
			continue
		}
		if !yield(run, err) {
			return
		}
	}
	yield(bench.Run{}, incomplete{fmt.Errorf("store %s is damaged: %w; its runs were read one by one, and %d of its "+
		"rows cannot be found or read", s.path, why, lost)})
}

// incomplete is an error that is bench.ErrIncomplete, with a text of its own.
type incomplete struct{ error }

func (e incomplete) Is(target error) bool { return target == bench.ErrIncomplete }

func (e incomplete) Unwrap() error { return e.error }

// lastOf are the last limit runs that q asks for, and the runs between them that cannot be read.
func (s *Store) lastOf(ctx context.Context, list []found, q bench.Query, limit int) []found {
	for i := len(list) - 1; i >= 0; i-- {
		if run, err := s.one(ctx, list[i], false); err == nil && q.Matches(run) {
			if limit--; limit == 0 {
				return list[i:]
			}
		}
	}
	return list
}

// found is a run of a damaged file.
type found struct {
	key int64
	position
}

func (p position) compare(o position) int {
	return cmp.Or(cmp.Compare(p.ended, o.ended), cmp.Compare(p.id, o.id))
}

// mostKeys bounds the keys that are tried one by one.
const mostKeys = 10_000_000

// search finds the runs of a damaged file. It reads the index of the ends and the table itself, each from both ends,
// and then tries the keys in the gaps. lost is how many of these keys cannot be read.
func search(ctx context.Context, db *sql.DB) (list []found, lost int, err error) {
	byKey := map[int64]found{}
	broken := false
	for _, query := range []string{
		"SELECT key, ended, id FROM run INDEXED BY run_ended ORDER BY ended, id",
		"SELECT key, ended, id FROM run INDEXED BY run_ended ORDER BY ended DESC, id DESC",
		"SELECT key, ended, id FROM run NOT INDEXED ORDER BY key",
		"SELECT key, ended, id FROM run NOT INDEXED ORDER BY key DESC",
	} {
		err := collect(ctx, db, byKey, query)
		if err != nil && !ofContent(err) {
			return nil, 0, err
		}
		broken = broken || err != nil
	}
	if len(byKey) > 0 && broken {
		least, most := int64(1<<62), int64(-1<<62)
		for key := range byKey {
			least, most = min(least, key), max(most, key)
		}
		for key := least; key < most && key-least < mostKeys; key++ {
			if _, known := byKey[key]; known {
				continue
			}
			err := collect(ctx, db, byKey, "SELECT key, ended, id FROM run WHERE key = ?", key)
			if err != nil && !ofContent(err) {
				return nil, 0, err
			}
			if err != nil {
				lost++
			}
		}
	}
	for _, f := range byKey {
		list = append(list, f)
	}
	slices.SortFunc(list, func(a, b found) int { return a.compare(b.position) })
	return list, lost, nil
}

// collect adds the rows of a query to byKey, until a row cannot be read.
func collect(ctx context.Context, db *sql.DB, byKey map[int64]found, query string, args ...any) error {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var f found
		if err := rows.Scan(&f.key, &f.ended, &f.id); err != nil {
			return err
		}
		if _, known := byKey[f.key]; !known {
			byKey[f.key] = f
		}
	}
	return rows.Err()
}

// one reads a run by its key alone.
func (s *Store) one(ctx context.Context, f found, samples bool) (bench.Run, error) {
	r := row{whole: samples, unfiled: true}
	r.ID = f.id
	err := s.reading(ctx, func(db *sql.DB) error {
		query := "SELECT document, histogram, CASE WHEN ? THEN samples END, crc FROM run WHERE key = ?"
		places := []any{&r.Document, &r.Histogram, &r.Samples, &r.crc}
		err := db.QueryRowContext(ctx, query, samples, f.key).Scan(places...)
		if code(err) == codes.SQLITE_ERROR { // an older version of the store has no such column
			query = strings.Replace(query, ", crc", "", 1)
			err = db.QueryRowContext(ctx, query, samples, f.key).Scan(places[:3]...)
		}
		return err
	})
	if err != nil {
		return bench.Run{ID: f.id}, fmt.Errorf("store %s: run %s cannot be read: %w", s.path, f.id, err)
	}
	return s.unpack(r)
}
