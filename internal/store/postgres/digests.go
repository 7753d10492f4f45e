package postgres

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"time"

	"github.com/jackc/pgx/v5"

	"rtcbench/bench"
	"rtcbench/internal/result"
)

var _ bench.Digester = (*Store)(nil)

// Digests implements bench.Digester. It reads the columns of runs. It reads a document only if the columns lack a
// value.
func (s *Store) Digests(ctx context.Context, q bench.Query, skip func(string) bool) iter.Seq2[bench.Digest, error] {
	return func(yield func(bench.Digest, error) bool) {
		const size = 1024
		var after position
		_, err := s.there(ctx)
		w := whereOf(q)
		for err == nil && !w.none {
			var list []result.Digested
			n := 0
			if list, n, err = s.digests(ctx, w, &after, size, skip); err != nil {
				break
			}
			for _, d := range list {
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
		if err != nil && !errors.Is(err, errEmpty) {
			yield(bench.Digest{}, s.explain(err))
		}
	}
}

// digests reads the digests of at most n runs after the position after, and moves after behind them. read is how many
// runs were looked at, including skipped ones.
func (s *Store) digests(ctx context.Context, w where, after *position, n int, skip func(string) bool) (
	list []result.Digested, read int, err error) {
	ended, id := after.args()
	w = w.and("(run.ended, run.id) > (?, ?::text::uuid)", ended, id)
	order := fmt.Sprintf(" ORDER BY run.ended, run.id LIMIT %d", n)
	to := *after
	if skip != nil {
		rows, err := s.pool.Query(ctx, "SELECT run.ended, run.id::text"+from+" WHERE "+w.text()+order, w.args...)
		if err != nil {
			return nil, 0, err
		}
		all, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (p position, err error) {
			return p, r.Scan(&p.ended, &p.id)
		})
		if err != nil {
			return nil, 0, err
		}
		var ends []time.Time
		var ids []string
		for _, p := range all {
			if read, to = read+1, p; !skip(p.id) {
				ends, ids = append(ends, p.ended), append(ids, p.id)
			}
		}
		// The condition on the ends limits the query to the partitions of these runs.
		w = where{}.and("run.id = ANY (?::text[]::uuid[])", ids).and("run.ended = ANY (?)", ends)
		if len(ids) == 0 {
			*after = to
			return nil, read, nil
		}
		order = " ORDER BY run.ended, run.id"
	}
	rows, err := s.pool.Query(ctx, "SELECT run.ended, run.id::text, series.platform, series.location, series.engine, "+
		"series.transport, series.echo, run.path, run.invalid, "+
		"run.verdict, run.p95, CASE WHEN run.verdict IS NULL THEN run.document::text END, run.histogram, "+
		"uuid_hash(run.id)::bigint, "+countsOf("run.")+from+
		" WHERE "+w.text()+order, w.args...)
	if err != nil {
		return nil, 0, err
	}
	list, err = pgx.CollectRows(rows, scanDigest)
	if err != nil {
		return nil, 0, err
	}
	if skip == nil && len(list) > 0 {
		last := list[len(list)-1]
		read, to = len(list), position{last.End, last.ID}
	}
	*after = to
	return list, read, nil
}

func scanDigest(r pgx.CollectableRow) (d result.Digested, err error) {
	var p bench.Packed
	var transport, path string
	var document, verdict *string
	var p95 *int64
	var mark int64
	to := []any{&p.End, &p.ID, &p.Series.Platform, &p.Series.Location, &p.Series.Engine, &transport, &p.Series.Echo,
		&path, &p.Invalid, &verdict, &p95, &document, &p.Histogram, &mark}
	for _, x := range bench.SummedCounts {
		to = append(to, x.Of(&p.Counts))
	}
	err = r.Scan(to...)
	p.Series.Transport, p.Series.Path = bench.TransportClass(transport), bench.Path(path)
	p.End = p.End.UTC()
	switch {
	case err != nil:
	case verdict != nil:
		var q bench.Quantity
		if p95 != nil {
			q = bench.Quantity{D: time.Duration(*p95), OK: true}
		}
		d.Digest, d.Err = result.Told(p, bench.Verdict(*verdict), q)
	default:
		p.Document = []byte(*document)
		d.Digest, d.Err = result.Digest(p)
	}
	d.Mark = mark
	return d, err
}

// marked are marks and the snapshot at which they were read.
type marked struct {
	snapshot string // of pg_current_snapshot
	since    time.Time
	marks    map[int64]bench.Mark
}

// Marks implements bench.Digester. It reads the table of IDs alone.
func (s *Store) Marks(ctx context.Context, since time.Time) (map[int64]bench.Mark, error) {
	marks := map[int64]bench.Mark{}
	if _, err := s.there(ctx); errors.Is(err, errEmpty) {
		return marks, nil
	} else if err != nil {
		return nil, s.explain(err)
	}
	// While no transaction of the server ends, the snapshot stays and so do the marks.
	var now string
	if err := s.pool.QueryRow(ctx, "SELECT pg_current_snapshot()::text").Scan(&now); err != nil {
		return nil, s.explain(err)
	}
	s.mu.Lock()
	was := s.marked
	s.mu.Unlock()
	if was.snapshot == now && was.since.Equal(since) {
		return maps.Clone(was.marks), nil
	}
	rows, err := s.pool.Query(ctx, "SELECT floor(extract(epoch FROM ended) / 3600)::bigint, count(*), "+
		"sum(uuid_hash(id)::bigint)::bigint FROM rtcbench.run_id WHERE ended >= $1 GROUP BY 1", since)
	if err != nil {
		return nil, s.explain(err)
	}
	var hour int64
	var m bench.Mark
	_, err = pgx.ForEachRow(rows, []any{&hour, &m.Runs, &m.Of}, func() error {
		marks[hour] = m
		return nil
	})
	if err == nil {
		s.mu.Lock()
		s.marked = marked{now, since, maps.Clone(marks)}
		s.mu.Unlock()
	}
	return marks, s.explain(err)
}

// IDs implements bench.Digester. It reads the table of IDs alone.
func (s *Store) IDs(ctx context.Context, since, until time.Time) ([]string, error) {
	if _, err := s.there(ctx); errors.Is(err, errEmpty) {
		return nil, nil
	} else if err != nil {
		return nil, s.explain(err)
	}
	rows, err := s.pool.Query(ctx, "SELECT id::text FROM rtcbench.run_id WHERE ended >= $1 AND ended < $2", since,
		until)
	if err != nil {
		return nil, s.explain(err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return ids, s.explain(err)
}
