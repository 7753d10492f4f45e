package postgres

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"rtcbench/bench"
)

// divided are the tables with a partition for each day (UTC).
var divided = []string{"run", "sample"}

const day = 24 * time.Hour

func dayOf(t time.Time) time.Time { return t.UTC().Truncate(day) }

// partition is the name of a table's partition for a day.
func partition(table string, of time.Time) string { return table + of.Format("_20060102") }

// ofDay is the day of a partition.
func ofDay(table, name string) (of time.Time, ok bool) {
	digits, ok := strings.CutPrefix(name, table+"_")
	if !ok {
		return of, false
	}
	of, err := time.Parse("20060102", digits)
	return of, err == nil
}

// haveDays makes the partitions for the runs in list. A partition is made as a table of its own and then attached, so
// readers do not wait.
func (s *Store) haveDays(ctx context.Context, list []bench.Packed) error {
	lacking := map[time.Time]bool{}
	s.mu.Lock()
	if s.layout.hypertable {
		s.mu.Unlock()
		return nil
	}
	for _, p := range list {
		if of := dayOf(p.End); !s.days[of] {
			lacking[of] = true
		}
	}
	s.mu.Unlock()
	if len(lacking) == 0 {
		return nil
	}
	err := s.changing(ctx, func(tx pgx.Tx) error {
		for of := range lacking {
			for _, table := range divided {
				if err := addPartition(ctx, tx, table, of); err != nil {
					return err
				}
			}
		}
		return nil
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	for of := range lacking {
		s.days[of] = err == nil
	}
	return err
}

func addPartition(ctx context.Context, tx pgx.Tx, table string, of time.Time) error {
	name := schema + "." + partition(table, of)
	if made, err := isTable(ctx, tx, partition(table, of)); err != nil || made {
		return err
	}
	_, err := tx.Exec(ctx, fmt.Sprintf("CREATE TABLE %[1]s (LIKE %[2]s INCLUDING ALL); "+
		"ALTER TABLE %[2]s ATTACH PARTITION %[1]s FOR VALUES FROM ('%[3]s') TO ('%[4]s')", name, schema+"."+table,
		of.Format(time.RFC3339), of.Add(day).Format(time.RFC3339)))
	return err
}

// sweepEvery is the time between two sweeps.
const sweepEvery = time.Hour

// sweepNow calls sweep if it is due. If sweep fails, old runs stay a while longer: the next sweep is an hour later.
func (s *Store) sweepNow(ctx context.Context) {
	s.mu.Lock()
	due := time.Since(s.swept) > sweepEvery
	if due {
		s.swept, s.layout = time.Now(), nil // another process may have changed the retention
	}
	s.mu.Unlock()
	if due {
		_ = s.sweep(ctx, time.Now())
	}
}

// before is the first moment that a retention of so many days keeps; the zero time = everything is kept.
func before(now time.Time, days int) time.Time {
	if days == 0 {
		return time.Time{}
	}
	return dayOf(now).Add(-time.Duration(days) * day)
}

// sweep drops the partitions that are too old. So its time depends on the number of partitions and not of runs. It
// waits for locks at most as long as lock_timeout permits.
func (s *Store) sweep(ctx context.Context, now time.Time) error {
	l, err := s.there(ctx)
	if err != nil {
		return err
	}
	runs, samples := before(now, l.runDays), before(now, l.sampleDays)
	if runs.After(samples) {
		samples = runs
	}
	if samples.IsZero() {
		return nil
	}
	return s.changing(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SET LOCAL lock_timeout = '5s'"); err != nil {
			return err
		}
		for table, until := range map[string]time.Time{"run": runs, "sample": samples} {
			if until.IsZero() {
				continue
			}
			if err := dropBefore(ctx, tx, l, table, until); err != nil {
				return err
			}
		}
		if runs.IsZero() {
			return nil
		}
		if _, err := tx.Exec(ctx, "DELETE FROM rtcbench.run_id WHERE ended < $1", runs); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "DELETE FROM rtcbench.rollup WHERE start < $1", runs)
		return err
	})
}

func dropBefore(ctx context.Context, tx pgx.Tx, l layout, table string, until time.Time) error {
	if l.hypertable {
		_, err := tx.Exec(ctx, "SELECT drop_chunks($1::text::regclass, $2::timestamptz)", schema+"."+table, until)
		return err
	}
	rows, err := tx.Query(ctx, "SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid "+
		"WHERE inhparent = $1::text::regclass", schema+"."+table)
	if err != nil {
		return err
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, name := range names {
		if of, ok := ofDay(table, name); ok && of.Before(until) {
			if _, err := tx.Exec(ctx, "DROP TABLE "+schema+"."+name); err != nil {
				return err
			}
		}
	}
	return nil
}
