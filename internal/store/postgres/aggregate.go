package postgres

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"rtcbench/bench"
	"rtcbench/internal/stats"
	"rtcbench/internal/store/rollup"
)

// Aggregate sums up whole days and hours from their sums, and the rest of the time span run by run. All parts are read
// in one snapshot: a run that is saved meanwhile is in all parts or in none.
func (s *Store) Aggregate(ctx context.Context, q bench.Query) (list []bench.Aggregate, err error) {
	if _, err := s.there(ctx); errors.Is(err, errEmpty) {
		return nil, nil
	} else if err != nil {
		return nil, s.explain(err)
	}
	moment := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err = pgx.BeginTxFunc(ctx, s.pool, moment, func(tx pgx.Tx) error {
		series, err := wantedSeries(ctx, tx, q)
		if err != nil || len(series) == 0 {
			return err
		}
		sums := rollup.NewSums(q, series)
		for _, p := range rollup.Spans(q) {
			if err := addTo(ctx, tx, p, sums, series); err != nil {
				return err
			}
		}
		list = sums.List()
		return nil
	})
	return list, s.explain(err)
}

// counts are the names of the columns with counts, separated by commas.
var counts = countsOf("")

// countsOf is counts with before in front of each name.
func countsOf(before string) string {
	var list []string
	for _, x := range bench.SummedCounts {
		list = append(list, before+x.Key)
	}
	return strings.Join(list, ", ")
}

// addTo adds the sums or runs of p to sums.
func addTo(ctx context.Context, tx pgx.Tx, p rollup.Span, sums *rollup.Sums, series map[int64]bench.Series) error {
	query, column, args := "SELECT series, path, invalid, 1::bigint, histogram, "+counts+" FROM rtcbench.run", "ended",
		[]any{}
	if p.Period != 0 {
		query, column = "SELECT series, path, invalid, runs, histogram, "+counts+" FROM rtcbench.rollup", "start"
		query += fmt.Sprintf(" WHERE seconds = %d", p.Period/time.Second)
	} else {
		query += " WHERE true"
	}
	ids := make([]int64, 0, len(series))
	for id := range series {
		ids = append(ids, id)
	}
	args = append(args, ids)
	query += " AND series = ANY ($1)"
	if p.From != math.MinInt64 {
		args = append(args, time.UnixMicro(p.From))
		query += fmt.Sprintf(" AND %s >= $%d", column, len(args))
	}
	if p.To != math.MaxInt64 {
		args = append(args, time.UnixMicro(p.To))
		query += fmt.Sprintf(" AND %s < $%d", column, len(args))
	}
	rows, err := tx.Query(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	var id int64
	var path string
	var invalid bool
	var part bench.Aggregate
	var histogram []byte
	to := []any{&id, &path, &invalid, &part.Runs, &histogram}
	for _, x := range bench.SummedCounts {
		to = append(to, x.Of(&part.Counts))
	}
	for rows.Next() {
		if err := rows.Scan(to...); err != nil {
			return err
		}
		if err := sums.Add(id, bench.Path(path), invalid, part, histogram); err != nil {
			return err
		}
	}
	return rows.Err()
}

// wantedSeries are the series that q asks for, by their number. The path of the query is not considered.
func wantedSeries(ctx context.Context, tx pgx.Tx, q bench.Query) (map[int64]bench.Series, error) {
	w := whereOf(bench.Query{Platform: q.Platform, Location: q.Location, Engine: q.Engine, Transport: q.Transport,
		Echo: q.Echo})
	list := map[int64]bench.Series{}
	if w.none {
		return list, nil
	}
	rows, err := tx.Query(ctx, "SELECT id, platform, location, engine, transport, echo FROM rtcbench.series WHERE "+
		w.text(), w.args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		var one bench.Series
		var transport string
		if err := rows.Scan(&id, &one.Platform, &one.Location, &one.Engine, &transport, &one.Echo); err != nil {
			return nil, err
		}
		one.Transport = bench.TransportClass(transport)
		list[id] = one
	}
	return list, rows.Err()
}

// Remove removes a run from the store and from its sums. there says whether the store had the run.
func (s *Store) Remove(ctx context.Context, id string) (there bool, err error) {
	w := whereOf(bench.Query{ID: id})
	if _, err := s.there(ctx); w.none || errors.Is(err, errEmpty) {
		return false, nil
	} else if err != nil {
		return false, s.explain(err)
	}
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		var ended time.Time
		err := tx.QueryRow(ctx, "DELETE FROM rtcbench.run_id WHERE id = $1::text::uuid RETURNING ended", id).
			Scan(&ended)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		there = true
		if _, err := tx.Exec(ctx, "DELETE FROM rtcbench.sample WHERE ended = $1 AND id = $2::text::uuid", ended,
			id); err != nil {
			return err
		}
		var series int64
		var path string
		var invalid bool
		err = tx.QueryRow(ctx, "DELETE FROM rtcbench.run WHERE ended = $1 AND id = $2::text::uuid "+
			"RETURNING series, path, invalid", ended, id).Scan(&series, &path, &invalid)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		return sumAnew(ctx, tx, rollupsOf(series, path, ended, invalid))
	})
	return there && err == nil, s.explain(err)
}

// sumAnew computes sums again from their runs. It locks the rows of the sums first, so another transaction adds to a
// sum before (and its run is counted) or afterwards. A sum without runs stays as an empty row: another process may be
// waiting for the row.
func sumAnew(ctx context.Context, tx pgx.Tx, keys []rollupKey) error {
	if _, err := lockSums(ctx, tx, keys); err != nil {
		return err
	}
	set := "runs = $6, histogram = $7"
	for i, x := range bench.SummedCounts {
		set += fmt.Sprintf(", %s = $%d", x.Key, i+8)
	}
	for _, k := range keys {
		start := time.Unix(k.start, 0)
		sum, err := sumOf(ctx, tx, k, start)
		if err != nil {
			return err
		}
		data, err := sum.Histogram.MarshalBinary()
		if err != nil {
			return err
		}
		args := []any{k.seconds, k.series, k.path, start, k.invalid, sum.Runs, nonNil(data)}
		for _, x := range bench.SummedCounts {
			args = append(args, int64(*x.Of(&sum.Counts)))
		}
		if _, err := tx.Exec(ctx, "UPDATE rtcbench.rollup SET "+set+" WHERE seconds = $1 AND series = $2 AND "+
			"path = $3 AND start = $4 AND invalid = $5", args...); err != nil {
			return err
		}
	}
	return nil
}

// sumOf is the sum of the runs of a rollup. A run that cannot be read is in no sum.
func sumOf(ctx context.Context, tx pgx.Tx, k rollupKey, start time.Time) (sum bench.Aggregate, err error) {
	rows, err := tx.Query(ctx, "SELECT histogram, "+counts+" FROM rtcbench.run WHERE series = $1 AND path = $2 AND "+
		"invalid = $3 AND ended >= $4 AND ended < $5", k.series, k.path, k.invalid, start,
		start.Add(time.Duration(k.seconds)*time.Second))
	if err != nil {
		return sum, err
	}
	defer rows.Close()
	for rows.Next() {
		one := bench.Aggregate{Runs: 1}
		var histogram []byte
		to := []any{&histogram}
		for _, x := range bench.SummedCounts {
			to = append(to, x.Of(&one.Counts))
		}
		if err := rows.Scan(to...); err != nil {
			return sum, err
		}
		var h stats.Histogram
		if h.UnmarshalBinary(histogram) == nil {
			one.Histogram = h
			sum.Merge(one)
		}
	}
	return sum, rows.Err()
}

// Check compares the sums with the runs. It compares nothing if a run cannot be read.
func (s *Store) Check(ctx context.Context) error {
	q := bench.Query{Invalid: true}
	sums, err := s.Aggregate(ctx, q)
	if err != nil {
		return err
	}
	byRun, bad, err := bench.AggregateRuns(ctx, struct{ bench.Store }{s}, q)
	if err != nil || bad > 0 {
		return err
	}
	same := len(sums) == len(byRun)
	for i := 0; same && i < len(sums); i++ {
		a, b := sums[i], byRun[i]
		same = a.Series == b.Series && a.Runs == b.Runs && a.Counts == b.Counts && a.Histogram.Equal(b.Histogram)
	}
	if !same {
		return fmt.Errorf("%s: its sums are not those of its runs%s", s,
			bench.Hint(": ", s.words.Export, " "+s.String()+", and import what that writes into a new store"))
	}
	return nil
}
