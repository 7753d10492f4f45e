package sqlite

import (
	"context"
	"database/sql"
	"slices"
	"strconv"

	"rtcbench/bench"
	"rtcbench/internal/result"
)

// digesting reads digests in the order of the runs.
type digesting struct {
	query  bench.Query
	skip   func(string) bool // leaves out runs by ID; nil = leaves out none
	after  position          // position before the next run
	series map[int64]bench.Series
	where  string // the index to use, and the condition on series
}

// chunkOfDigests are some digests.
type chunkOfDigests struct {
	list   []result.Digested
	looked int      // how many runs were looked at
	last   position // of the last run that was looked at
}

// fewSeries is up to how many series the runs are looked up by series. For more series, all runs of the time span are
// looked at.
const fewSeries = 200

// begin reads the series, and chooses the index.
func (r *digesting) begin(ctx context.Context, db *sql.DB) (err error) {
	if r.series, err = seriesOf(ctx, db, bench.Query{}); err != nil {
		return err
	}
	of := r.query
	of.Path = "" // a path belongs to the run, not to the series
	var wanted []int64
	for id, one := range r.series {
		if of.OfSeries(one) {
			wanted = append(wanted, id)
		}
	}
	switch {
	case r.query.ID != "":
		r.where = " WHERE 1"
	case len(wanted) < len(r.series) && len(wanted) <= fewSeries:
		r.where = " INDEXED BY run_series WHERE series IN " + listed(wanted)
	default:
		r.where = " INDEXED BY run_ended WHERE 1"
	}
	return nil
}

// listed are numbers as a list in SQL.
func listed(keys []int64) string {
	b := []byte{'('}
	for i, key := range keys {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, key, 10)
	}
	return string(append(b, ')'))
}

// next reads the digests of at most n runs.
func (r *digesting) next(ctx context.Context, db *sql.DB, n int) (c chunkOfDigests, err error) {
	if r.series == nil {
		if err := r.begin(ctx, db); err != nil {
			return c, err
		}
	}
	runs, marks, c, err := r.runs(ctx, db, n)
	if err != nil || len(runs) == 0 {
		return c, err
	}
	keys, at := make([]int64, len(runs)), make(map[int64]int, len(runs))
	for i, run := range runs {
		keys[i], at[run.key] = run.key, i
	}
	c.list = make([]result.Digested, len(runs))
	var rest []int64 // runs without a valid brief
	brief := make([]bool, len(runs))
	err = eachRow(ctx, db, "SELECT key, data FROM digest WHERE key IN "+listed(keys), func(rows *sql.Rows) error {
		var key int64
		var data sql.RawBytes
		if err := rows.Scan(&key, &data); err != nil {
			return err
		}
		i := at[key]
		c.list[i].Digest, brief[i] = briefly(data, runs[i].id, runs[i].ended, r.series)
		return nil
	})
	if err != nil {
		return c, err
	}
	for i, key := range keys {
		if !brief[i] {
			rest = append(rest, key)
		}
	}
	if err := r.whole(ctx, db, rest, func(key int64, d result.Digested) { c.list[at[key]] = d }); err != nil {
		return c, err
	}
	for i := range c.list {
		c.list[i].Mark = marks[i]
	}
	c.list = slices.DeleteFunc(c.list, func(d result.Digested) bool {
		return d.ID == "" || d.Series != (bench.Series{}) && !r.query.OfSeries(d.Series)
	})
	return c, nil
}

// runs are those of the next n runs that are not skipped. marks is what each run adds to the mark of its hour.
func (r *digesting) runs(ctx context.Context, db *sql.DB, n int) (list []found, marks []int64, c chunkOfDigests,
	err error) {
	q := r.query
	where, args := conditions(bench.Query{ID: q.ID, Since: q.Since, Until: q.Until})
	query := "SELECT key, ended, id, " + markOf("run") + " FROM run" + r.where + " AND " + where +
		" AND (ended, id) > (?, ?) ORDER BY ended, id LIMIT ?"
	c.last = r.after
	err = eachRow(ctx, db, query, func(rows *sql.Rows) error {
		var f found
		var mark int64
		if err := rows.Scan(&f.key, &f.ended, &f.id, &mark); err != nil {
			return err
		}
		c.looked, c.last = c.looked+1, f.position
		if r.skip == nil || !r.skip(f.id) {
			list, marks = append(list, f), append(marks, mark)
		}
		return nil
	}, append(args, r.after.ended, r.after.id, n)...)
	return list, marks, c, err
}

// whole reads the runs with these keys in full, and calls visit with their digests.
func (r *digesting) whole(ctx context.Context, db *sql.DB, keys []int64, visit func(int64, result.Digested)) error {
	if len(keys) == 0 {
		return nil
	}
	var list []bench.Packed
	var of []int64
	query := "SELECT " + columnsOfRow + ", NULL, run.key FROM run JOIN series ON series.id = run.series WHERE " +
		"run.key IN " + listed(keys)
	err := eachRow(ctx, db, query, func(rows *sql.Rows) error {
		var x row
		var key int64
		if err := x.scan(rows, &key); err != nil {
			return err
		}
		if x.End = x.End.UTC(); x.verify() != nil {
			x.Document, x.Histogram = nil, nil // so the digest becomes an error
		}
		list, of = append(list, x.Packed.Packed), append(of, key)
		return nil
	})
	if err != nil {
		return err
	}
	for i, d := range result.Digests(list) {
		visit(of[i], d)
	}
	return nil
}

func eachRow(ctx context.Context, db *sql.DB, query string, visit func(*sql.Rows) error, args ...any) error {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := visit(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
