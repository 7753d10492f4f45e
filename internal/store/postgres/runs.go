package postgres

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"rtcbench/bench"
	"rtcbench/internal/result"
)

// Runs reads in chunks. Between two runs no query is open.
func (s *Store) Runs(ctx context.Context, q bench.Query) iter.Seq2[bench.Run, error] {
	return func(yield func(bench.Run, error) bool) {
		const size = 256
		var after position
		_, err := s.there(ctx)
		w := whereOf(q)
		if err == nil && q.Limit > 0 && !w.none {
			after, err = s.before(ctx, w, q.Limit)
		}
		for err == nil && !w.none {
			var list []row
			if list, err = s.chunk(ctx, w, q.Samples, after, size); err != nil {
				break
			}
			for _, r := range list {
				if !yield(s.unpack(r)) {
					return
				}
				after = r.position
			}
			if len(list) < size {
				return
			}
		}
		if err != nil && !errors.Is(err, errEmpty) {
			yield(bench.Run{}, s.explain(err))
		}
	}
}

// unpack is the run of a row. With an error, the run has its ID alone.
func (s *Store) unpack(r row) (bench.Run, error) {
	run, err := r.AsFiled()
	if err != nil {
		return bench.Run{ID: r.id}, s.unread(r.id, err)
	}
	return run, nil
}

func (s *Store) unread(id string, err error) error {
	return fmt.Errorf("%s: run %s cannot be read: %w", s, id, err)
}

// position is a place in the order of the runs, which is by end and ID. The zero value is before all runs.
type position struct {
	ended time.Time
	id    string
}

// args are p as two values of a statement.
func (p position) args() (ended time.Time, id string) {
	if p.id == "" {
		return p.ended, uuid.Nil.String()
	}
	return p.ended, p.id
}

type row struct {
	position
	result.Packed
}

// from is the FROM clause of runs with their series; conditions follow it.
const (
	from        = " FROM rtcbench.run JOIN rtcbench.series ON series.id = run.series"
	joinSamples = " LEFT JOIN rtcbench.sample ON sample.ended = run.ended AND sample.id = run.id"
)

// columnsOfRow are the columns that scan reads, from run JOIN series. The samples follow.
var columnsOfRow = "run.ended, run.id::text, run.document::text, run.histogram, series.platform, series.location, " +
	"series.engine, series.transport, series.echo, run.path, run.invalid, " + counts

func (s *Store) chunk(ctx context.Context, w where, samples bool, after position, n int) ([]row, error) {
	ended, id := after.args()
	w = w.and("(run.ended, run.id) > (?, ?::text::uuid)", ended, id)
	column, join := "NULL::bytea", ""
	if samples {
		column, join = "sample.samples", joinSamples
	}
	rows, err := s.pool.Query(ctx, "SELECT "+columnsOfRow+", "+column+from+join+" WHERE "+w.text()+
		fmt.Sprintf(" ORDER BY run.ended, run.id LIMIT %d", n), w.args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scan)
}

// scan reads a row that has columnsOfRow and the samples.
func scan(r pgx.CollectableRow) (x row, err error) {
	var document string
	of := &x.Series
	to := []any{&x.ended, &x.id, &document, &x.Histogram, &of.Platform, &of.Location, &of.Engine, &of.Transport,
		&of.Echo, &of.Path, &x.Invalid}
	for _, c := range bench.SummedCounts {
		to = append(to, c.Of(&x.Counts))
	}
	err = r.Scan(append(to, &x.Samples)...)
	x.Document, x.ID, x.End = []byte(document), x.id, x.ended
	return x, err
}

// before is the position before the last n runs.
func (s *Store) before(ctx context.Context, w where, n int) (p position, err error) {
	err = s.pool.QueryRow(ctx, "SELECT run.ended, run.id::text"+from+" WHERE "+w.text()+
		fmt.Sprintf(" ORDER BY run.ended DESC, run.id DESC LIMIT 1 OFFSET %d", n), w.args...).Scan(&p.ended, &p.id)
	if errors.Is(err, pgx.ErrNoRows) { // there are at most n runs
		err = nil
	}
	return p, err
}

// where is a query as SQL conditions.
type where struct {
	conditions []string
	args       []any
	none       bool // no run can match
}

// and adds a condition, with a ? for each value.
func (w where) and(condition string, values ...any) where {
	for range values {
		w.args = append(w.args[:len(w.args):len(w.args)], values[0])
		values = values[1:]
		condition = strings.Replace(condition, "?", fmt.Sprintf("$%d", len(w.args)), 1)
	}
	w.conditions = append(w.conditions[:len(w.conditions):len(w.conditions)], condition)
	return w
}

func (w where) text() string { return strings.Join(append([]string{"true"}, w.conditions...), " AND ") }

func whereOf(q bench.Query) (w where) {
	equal := func(column, value string) {
		if value != "" {
			w = w.and(column+" = ?", value)
			w.none = w.none || strings.ContainsRune(value, 0) || !valid(value)
		}
	}
	if q.ID != "" {
		u, err := uuid.Parse(q.ID)
		w.none = err != nil || u.String() != q.ID
		// With the end of the run, only one partition is read.
		w = w.and("run.id = ?::text::uuid", q.ID)
		w = w.and("run.ended = (SELECT ended FROM rtcbench.run_id WHERE id = ?::text::uuid)", q.ID)
	}
	equal("series.platform", q.Platform)
	equal("series.location", q.Location)
	equal("series.engine", q.Engine)
	equal("series.transport", string(q.Transport))
	equal("series.echo", q.Echo)
	equal("run.path", string(q.Path))
	if !q.Since.IsZero() {
		w = w.and("run.ended >= ?", q.Since.Truncate(time.Microsecond))
	}
	if !q.Until.IsZero() {
		w = w.and("run.ended < ?", q.Until.Truncate(time.Microsecond))
	}
	return w
}

// valid reports whether the server can store text.
func valid(text string) bool { return strings.ToValidUTF8(text, "") == text }
