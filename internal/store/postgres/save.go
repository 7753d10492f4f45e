package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"rtcbench/bench"
	"rtcbench/internal/result"
	"rtcbench/internal/stats"
	"rtcbench/internal/store/rollup"
)

// SavePacked is SaveAll for runs that are packed. When it returns nil, the server has all runs on its disk.
func (s *Store) SavePacked(ctx context.Context, list []bench.Packed) (fresh int, err error) {
	if len(list) == 0 {
		return 0, nil
	}
	const tries = 10 // transactions may conflict, or a table may have gone
	for range tries {
		fresh, err = s.trySave(ctx, list)
		if !comesAgain(err) {
			break
		}
		s.forget()
	}
	return fresh, s.explain(err)
}

// errRace says that another transaction has just made the same sum.
var errRace = errors.New("another process saves runs of this hour too, again and again")

func comesAgain(err error) bool {
	switch code(err) {
	case serialisation, deadlock, noPartition, noTable, noColumn:
		return true
	}
	return errors.Is(err, errRace)
}

func (s *Store) trySave(ctx context.Context, list []bench.Packed) (fresh int, err error) {
	if _, err := s.ready(ctx); err != nil {
		return 0, err
	}
	l, err := s.there(ctx)
	if err != nil {
		return 0, err
	}
	for _, p := range list {
		if first := before(time.Now(), l.runDays); p.End.Before(first) {
			return 0, fmt.Errorf("%w: run %s ended on %s, and the store keeps runs for %s", bench.ErrRejected,
				p.ID, p.End.Format(time.DateOnly), bench.Many(l.runDays, "day"))
		}
	}
	if err := s.haveDays(ctx, list); err != nil {
		return 0, err
	}
	ids, err := s.seriesIDs(ctx, list)
	if err != nil {
		return 0, err
	}
	// Overrides the server's setting: accepted runs are on its disk.
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SET LOCAL synchronous_commit = on"); err != nil {
			return err
		}
		list, err := newOnes(ctx, tx, list)
		if err != nil {
			return err
		}
		if fresh = len(list); fresh == 0 {
			return nil
		}
		if err := insert(ctx, tx, list, ids); err != nil {
			return err
		}
		return addToSums(ctx, tx, list, ids)
	})
	if err != nil {
		return 0, err
	}
	s.sweepNow(ctx)
	return fresh, nil
}

// seriesIDs are the numbers of the series, whose paths are left out. A missing series is made.
func (s *Store) seriesIDs(ctx context.Context, list []bench.Packed) (map[bench.Series]int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range list {
		key := withoutPath(p.Series)
		if _, ok := s.series[key]; ok {
			continue
		}
		args := []any{key.Platform, key.Location, key.Engine, string(key.Transport), key.Echo}
		if _, err := s.pool.Exec(ctx, "INSERT INTO rtcbench.series (platform, location, engine, transport, "+
			"echo) SELECT $1, $2, $3, $4, $5 WHERE NOT EXISTS (SELECT FROM rtcbench.series WHERE platform = $1 AND "+
			"location = $2 AND engine = $3 AND transport = $4 AND echo = $5) ON CONFLICT DO NOTHING",
			args...); err != nil {
			return nil, err
		}
		var id int64
		if err := s.pool.QueryRow(ctx, "SELECT id FROM rtcbench.series WHERE platform = $1 AND location = $2 AND "+
			"engine = $3 AND transport = $4 AND echo = $5", args...).Scan(&id); err != nil {
			return nil, err
		}
		s.series[key] = id
	}
	ids := map[bench.Series]int64{}
	for _, p := range list {
		ids[withoutPath(p.Series)] = s.series[withoutPath(p.Series)]
	}
	return ids, nil
}

func withoutPath(s bench.Series) bench.Series {
	s.Path = ""
	return s
}

func insert(ctx context.Context, tx pgx.Tx, list []bench.Packed, ids map[bench.Series]int64) error {
	columns := []string{"id", "ended", "series", "path", "invalid", "histogram", "document", "verdict", "p95"}
	for _, x := range bench.SummedCounts {
		columns = append(columns, x.Key)
	}
	var runs, samples [][]any
	for _, p := range list {
		id, err := uuid.Parse(p.ID)
		if err != nil {
			return fmt.Errorf("%w: run %q has no UUID", bench.ErrRejected, p.ID)
		}
		key := pgtype.UUID{Bytes: id, Valid: true}
		run := []any{key, p.End, ids[withoutPath(p.Series)], string(p.Series.Path), p.Invalid, nonNil(p.Histogram),
			p.Document, nil, nil}
		if verdict, p95, ok := result.Brief(p); ok {
			run[7] = string(verdict)
			if p95.OK {
				run[8] = int64(p95.D)
			}
		}
		for _, x := range bench.SummedCounts {
			run = append(run, int64(*x.Of(&p.Counts)))
		}
		runs = append(runs, run)
		if p.Samples != nil {
			samples = append(samples, []any{key, p.End, p.Samples})
		}
	}
	if n, err := tx.CopyFrom(ctx, pgx.Identifier{schema, "run"}, columns, pgx.CopyFromRows(runs)); err != nil ||
		taken("run", n, len(runs)) != nil {
		return cmp.Or(err, taken("run", n, len(runs)))
	}
	n, err := tx.CopyFrom(ctx, pgx.Identifier{schema, "sample"}, []string{"id", "ended", "samples"},
		pgx.CopyFromRows(samples))
	return cmp.Or(err, taken("sample", n, len(samples)))
}

// taken is an error unless the server reports as many rows as were sent: a trigger may drop rows.
func taken(table string, n int64, want int) error {
	if n == int64(want) {
		return nil
	}
	return fmt.Errorf("%w: %d of %d rows were taken into %s.%s (does a trigger or a rule drop them?)",
		bench.ErrFailed, n, want, schema, table)
}

// rollupKey is the key of a sum.
type rollupKey struct {
	seconds, series int64
	path            string
	start           int64 // Unix s
	invalid         bool
}

func (k rollupKey) compare(o rollupKey) int {
	number := func(b bool) int {
		if b {
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(k.seconds, o.seconds), cmp.Compare(k.series, o.series), cmp.Compare(k.start, o.start),
		cmp.Compare(number(k.invalid), number(o.invalid)), cmp.Compare(k.path, o.path))
}

// rollupsOf are the keys of the sums that a run belongs to.
func rollupsOf(series int64, path string, end time.Time, invalid bool) (list []rollupKey) {
	for _, period := range rollup.Periods {
		list = append(list, rollupKey{int64(period / time.Second), series, path, rollup.Floor(end, period), invalid})
	}
	return list
}

// addToSums adds runs to their sums. Transactions that add to the same sum wait for each other at its row.
func addToSums(ctx context.Context, tx pgx.Tx, list []bench.Packed, ids map[bench.Series]int64) error {
	sums := map[rollupKey]*bench.Aggregate{}
	for _, p := range list {
		one := bench.Aggregate{Runs: 1, Counts: p.Counts}
		if err := one.Histogram.UnmarshalBinary(p.Histogram); err != nil {
			return fmt.Errorf("%w: run %s: %w", bench.ErrRejected, p.ID, err)
		}
		series := ids[withoutPath(p.Series)]
		for _, key := range rollupsOf(series, string(p.Series.Path), p.End, p.Invalid) {
			if sums[key] == nil {
				sums[key] = &bench.Aggregate{}
			}
			sums[key].Merge(one)
		}
	}
	var keys []rollupKey
	for key := range sums {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, rollupKey.compare)
	there, err := lockSums(ctx, tx, keys)
	if err != nil {
		return err
	}
	var begun, more []rollupKey
	for _, key := range keys {
		was, ok := there[key]
		if !ok {
			begun = append(begun, key)
			continue
		}
		more = append(more, key)
		var before stats.Histogram
		if err := before.UnmarshalBinary(was); err != nil {
			return fmt.Errorf("%w: a sum of series %d cannot be read: %w", bench.ErrFailed, key.series, err)
		}
		sums[key].Histogram.Merge(before)
	}
	if len(begun) > 0 {
		done, err := tx.Exec(ctx, beginSums, arrays(begun, sums)...)
		if err == nil && int(done.RowsAffected()) < len(begun) {
			err = errRace
		}
		if err != nil {
			return err
		}
	}
	if len(more) == 0 {
		return nil
	}
	done, err := tx.Exec(ctx, moreToSums, arrays(more, sums)...)
	return cmp.Or(err, taken("rollup", done.RowsAffected(), len(more)))
}

// The statements on sums. Their arguments are arrays: five for the keys, then the runs, the histograms and the counts.
const keyArrays = "unnest($1::bigint[], $2::bigint[], $3::text[], $4::timestamptz[], $5::boolean[]"

var (
	sumArrays, sumNames, addedCounts = func() (arrays, names, added string) {
		arrays = keyArrays + ", $6::bigint[], $7::bytea[]"
		names = "seconds, series, path, start, invalid, runs, histogram"
		for i, x := range bench.SummedCounts {
			arrays += fmt.Sprintf(", $%d::bigint[]", i+8)
			names += ", " + x.Key
			added += fmt.Sprintf(", %[1]s = rollup.%[1]s + x.%[1]s", x.Key)
		}
		return arrays + ")", names, added
	}()
	beginSums = "INSERT INTO rtcbench.rollup (" + sumNames + ") SELECT " + sumNames + " FROM " + sumArrays + " AS x (" +
		sumNames + ") ORDER BY seconds, series, start, invalid, path COLLATE \"C\" ON CONFLICT DO NOTHING"
	moreToSums = "UPDATE rtcbench.rollup SET runs = rollup.runs + x.runs, histogram = x.histogram" + addedCounts +
		" FROM " + sumArrays + " AS x (" + sumNames + ") WHERE " + sameKey
)

const (
	sameKey = "rollup.seconds = x.seconds AND rollup.series = x.series AND rollup.path = x.path AND " +
		"rollup.start = x.start AND rollup.invalid = x.invalid"
	lockThem = "SELECT rollup.seconds::bigint, rollup.series, rollup.path, rollup.start, rollup.invalid, " +
		"rollup.histogram FROM rtcbench.rollup JOIN " + keyArrays + ") AS x (seconds, series, path, start, invalid) " +
		"ON " + sameKey + " ORDER BY 1, 2, 4, 5, rollup.path COLLATE \"C\" FOR UPDATE OF rollup"
)

// lockSums reads the histograms of existing sums, and locks their rows until the transaction ends.
func lockSums(ctx context.Context, tx pgx.Tx, keys []rollupKey) (map[rollupKey][]byte, error) {
	rows, err := tx.Query(ctx, lockThem, arraysOf(keys)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	there := map[rollupKey][]byte{}
	for rows.Next() {
		var key rollupKey
		var start time.Time
		var histogram []byte
		if err := rows.Scan(&key.seconds, &key.series, &key.path, &start, &key.invalid, &histogram); err != nil {
			return nil, err
		}
		key.start = start.Unix()
		there[key] = histogram
	}
	return there, rows.Err()
}

func arraysOf(keys []rollupKey) []any {
	var seconds, series []int64
	var paths []string
	var starts []time.Time
	var invalid []bool
	for _, k := range keys {
		seconds, series, paths = append(seconds, k.seconds), append(series, k.series), append(paths, k.path)
		starts, invalid = append(starts, time.Unix(k.start, 0).UTC()), append(invalid, k.invalid)
	}
	return []any{seconds, series, paths, starts, invalid}
}

func arrays(keys []rollupKey, sums map[rollupKey]*bench.Aggregate) []any {
	var runs []int64
	var histograms [][]byte
	counts := make([][]int64, len(bench.SummedCounts))
	for _, k := range keys {
		sum := sums[k]
		runs = append(runs, int64(sum.Runs))
		data, _ := sum.Histogram.MarshalBinary() // it never fails
		histograms = append(histograms, nonNil(data))
		for i, x := range bench.SummedCounts {
			counts[i] = append(counts[i], int64(*x.Of(&sum.Counts)))
		}
	}
	list := append(arraysOf(keys), runs, histograms)
	for _, c := range counts {
		list = append(list, c)
	}
	return list
}

// nonNil is b, or an empty slice if b is nil: nil would become NULL.
func nonNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}
