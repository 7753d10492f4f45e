package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"rtcbench/bench"
)

// schema is the schema that contains all tables of rtcbench, in any database.
const schema = "rtcbench"

// newest is the version of the layout that this program makes and knows (upgrade.go). A new count adds a column and no
// version.
const newest = 2

// layout describes the tables that exist.
type layout struct {
	version    int
	hypertable bool // TimescaleDB makes the partitions
	runDays    int  // for how long runs are kept; 0 = for ever
	sampleDays int  // how long samples are kept; 0 = for ever
}

// makeLock is the key of the lock around making and dropping tables: "rtcb".
const makeLock = 0x72746362

// tables makes the tables, in this order. COUNTS stands for a column for each count.
const tables = `
CREATE TABLE rtcbench.about (
	version     integer NOT NULL,
	hypertable  boolean NOT NULL,             -- TimescaleDB makes the partitions
	run_days    integer NOT NULL DEFAULT 0,   -- runs are kept for so many days; 0 = for ever
	sample_days integer NOT NULL DEFAULT 0    -- their samples
);
CREATE TABLE rtcbench.series (
	id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	platform  text NOT NULL,
	location  text NOT NULL,                  -- 'unknown' where none was given
	engine    text NOT NULL,
	transport text NOT NULL,                  -- '' = not known
	echo      text NOT NULL DEFAULT 'none',   -- the place whose echo answered; 'none' = no other place's
	UNIQUE (platform, location, engine, transport, echo)
);
-- What makes a run one run: a partition knows nothing of the others.
CREATE TABLE rtcbench.run_id (
	id    uuid PRIMARY KEY,
	ended timestamptz NOT NULL
);
CREATE INDEX run_id_ended ON rtcbench.run_id (ended);
CREATE TABLE rtcbench.run (
	id        uuid NOT NULL,
	ended     timestamptz NOT NULL,
	series    bigint NOT NULL,
	path      text NOT NULL,                  -- how the messages travelled: udp, tcp, relay-udp, …; '' = not known
	invalid   boolean NOT NULL,               -- its verdict; sums leave it out
	verdict   text,                           -- all of it; NULL = the document has to be read for it and for
	p95       bigint,                         -- the round trip in ns; NULL beside a verdict = not known
	COUNTS,
	histogram bytea NOT NULL,                 -- pairs of varints: distance to the bucket before, count
	document  json NOT NULL                   -- the result file, without its long lists
) PARTITION BY RANGE (ended);
CREATE INDEX run_ended ON rtcbench.run (ended, id);
CREATE INDEX run_series ON rtcbench.run (series, ended);
CREATE TABLE rtcbench.sample (
	id        uuid NOT NULL,
	ended     timestamptz NOT NULL,
	samples   bytea NOT NULL                  -- packed in columns
) PARTITION BY RANGE (ended);
CREATE INDEX sample_ended ON rtcbench.sample (ended, id);
CREATE TABLE rtcbench.rollup (
	seconds   integer NOT NULL,               -- 3600 or 86400
	series    bigint NOT NULL,
	path      text NOT NULL,
	start     timestamptz NOT NULL,           -- a whole number of periods
	invalid   boolean NOT NULL,               -- the sum of the invalid runs of that time
	runs      bigint NOT NULL,
	COUNTS,
	histogram bytea NOT NULL,
	PRIMARY KEY (seconds, series, start, invalid, path)
);
ALTER TABLE rtcbench.sample ALTER samples SET STORAGE EXTERNAL; -- it is packed already
ALTER TABLE rtcbench.run ALTER histogram SET STORAGE EXTERNAL;
ALTER TABLE rtcbench.rollup ALTER histogram SET STORAGE EXTERNAL;
DO $$ BEGIN
	ALTER TABLE rtcbench.run ALTER document SET COMPRESSION lz4;
EXCEPTION WHEN OTHERS THEN NULL; -- a server that was built without it
END $$;
`

// hypertables turns the two tables into hypertables of TimescaleDB.
const hypertables = `
SELECT create_hypertable('rtcbench.run', 'ended', chunk_time_interval => INTERVAL '1 day',
	create_default_indexes => false);
SELECT create_hypertable('rtcbench.sample', 'ended', chunk_time_interval => INTERVAL '1 day',
	create_default_indexes => false);
`

// errEmpty says that the database has no tables of rtcbench yet.
var errEmpty = errors.New("nothing was kept in it yet")

// errOlder says that the layout has an older version. Init or the next saved run upgrades it.
var errOlder = errors.New("an older rtcbench made it")

// there reads the layout, once. It makes nothing.
func (s *Store) there(ctx context.Context) (layout, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.layout != nil {
		return *s.layout, nil
	}
	l, err := look(ctx, s.pool)
	switch {
	case err == nil:
		s.layout = &l
	case errors.Is(err, errOlder):
		err = fmt.Errorf("%w%s", err, bench.Hint(": ", s.words.Init, " brings it there, and so does a run that is "+
			"saved"))
	}
	return l, err
}

// querier is a pool or a transaction.
type querier interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// isTable reports whether rtcbench's table of this name exists. It reads the catalogue: to_regclass may still give the
// state before another process committed.
func isTable(ctx context.Context, q querier, name string) (is bool, err error) {
	err = q.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace "+
		"WHERE nspname = 'rtcbench' AND relname = $1)", name).Scan(&is)
	return is, err
}

func look(ctx context.Context, q querier) (l layout, err error) {
	l, err = found(ctx, q)
	if err == nil && l.version < newest {
		err = fmt.Errorf("%w: it has version %d, and this one needs %d", errOlder, l.version, newest)
	}
	return l, err
}

// found is look, but an older version is no error.
func found(ctx context.Context, q querier) (l layout, err error) {
	made, err := isTable(ctx, q, "about")
	if err == nil && !made {
		return l, errEmpty
	}
	if err == nil {
		err = q.QueryRow(ctx, "SELECT version, hypertable, run_days, sample_days FROM rtcbench.about").Scan(
			&l.version, &l.hypertable, &l.runDays, &l.sampleDays)
	}
	if err == nil && l.version > newest {
		err = fmt.Errorf("a newer rtcbench made it: it has version %d, and this one knows %d", l.version, newest)
	}
	return l, err
}

// ready makes the tables or columns that are missing, and gives their names.
func (s *Store) ready(ctx context.Context) (made []string, err error) {
	if _, err := s.there(ctx); err == nil && s.complete(ctx) {
		return nil, nil
	} else if err != nil && !errors.Is(err, errEmpty) && !errors.Is(err, errOlder) {
		return nil, err
	}
	err = s.changing(ctx, func(tx pgx.Tx) error {
		l, err := found(ctx, tx)
		if errors.Is(err, errEmpty) {
			made, err = makeAll(ctx, tx)
		} else if err == nil && l.version < newest {
			made, err = upgrade(ctx, tx)
		}
		if err != nil {
			return err
		}
		added, err := addColumns(ctx, tx)
		made = append(made, added...)
		return err
	})
	if err == nil {
		_, err = s.there(ctx)
	}
	return made, err
}

// changing calls do in a transaction that makes or drops tables. Only one such transaction runs at a time.
func (s *Store) changing(ctx context.Context, do func(pgx.Tx) error) error {
	return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock($1)", int64(makeLock)); err != nil {
			return err
		}
		return do(tx)
	})
}

func makeAll(ctx context.Context, tx pgx.Tx) (made []string, err error) {
	var own, timescale bool
	if err := tx.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'rtcbench'), "+
		"EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb')").Scan(&own, &timescale); err != nil {
		return nil, err
	}
	if !own {
		if _, err := tx.Exec(ctx, "CREATE SCHEMA rtcbench"); err != nil {
			return nil, err
		}
		made = append(made, "schema rtcbench")
	}
	var columns []string
	for _, x := range bench.SummedCounts {
		columns = append(columns, x.Key+" bigint NOT NULL DEFAULT 0")
	}
	text, what := strings.ReplaceAll(tables, "COUNTS", strings.Join(columns, ", ")), "its tables"
	if timescale {
		text, what = strings.ReplaceAll(text, ") PARTITION BY RANGE (ended)", ")")+hypertables,
			"its tables, two of them hypertables of TimescaleDB"
	}
	if _, err := tx.Exec(ctx, text); err != nil {
		return nil, err
	}
	_, err = tx.Exec(ctx, "INSERT INTO rtcbench.about (version, hypertable) VALUES ($1, $2)", newest, timescale)
	return append(made, what), err
}

// missing are the counts without a column: an older version made the tables.
func missing(ctx context.Context, q querier) (list []string, err error) {
	rows, err := q.Query(ctx, "SELECT attname FROM pg_attribute WHERE attrelid = 'rtcbench.rollup'::regclass "+
		"AND NOT attisdropped")
	if err != nil {
		return nil, err
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	there := map[string]bool{}
	for _, name := range names {
		there[name] = true
	}
	for _, x := range bench.SummedCounts {
		if !there[x.Key] {
			list = append(list, x.Key)
		}
	}
	return list, err
}

// complete reports whether each count has its column. It asks the database until that is so.
func (s *Store) complete(ctx context.Context) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.whole {
		return true
	}
	list, err := missing(ctx, s.pool)
	s.whole = err == nil && len(list) == 0
	return s.whole
}

// addColumns adds columns for missing counts. The values for kept runs come from their documents.
func addColumns(ctx context.Context, tx pgx.Tx) (made []string, err error) {
	list, err := missing(ctx, tx)
	for _, name := range list {
		for _, statement := range []string{
			"ALTER TABLE rtcbench.run ADD COLUMN NAME bigint NOT NULL DEFAULT 0",
			"ALTER TABLE rtcbench.rollup ADD COLUMN NAME bigint NOT NULL DEFAULT 0",
			"UPDATE rtcbench.run SET NAME = (document #>> '{details,counts,NAME}')::bigint " +
				"WHERE document #>> '{details,counts,NAME}' > '0'",
			`UPDATE rtcbench.rollup SET NAME = coalesce((SELECT sum(run.NAME) FROM rtcbench.run
				WHERE run.series = rollup.series AND run.path = rollup.path AND run.invalid = rollup.invalid
				AND run.ended >= rollup.start AND run.ended < rollup.start + rollup.seconds * INTERVAL '1 second'), 0)`,
		} {
			if _, err := tx.Exec(ctx, strings.ReplaceAll(statement, "NAME", name)); err != nil {
				return nil, err
			}
		}
		made = append(made, "column "+name)
	}
	return made, err
}

// Init makes the tables or columns that are missing. It sets how long runs and samples are kept, if keep says so.
func (s *Store) Init(ctx context.Context, keep bench.Retention) (made []string, err error) {
	made, err = s.ready(ctx)
	if err != nil {
		return nil, s.explain(err)
	}
	l, err := s.there(ctx)
	if err != nil {
		return made, s.explain(err)
	}
	for _, x := range []struct {
		given    *int
		was      int
		key, say string
	}{{keep.RunDays, l.runDays, "run_days", "runs"}, {keep.SampleDays, l.sampleDays, "sample_days", "samples"}} {
		if x.given == nil || *x.given == x.was {
			continue
		}
		if _, err := s.pool.Exec(ctx, "UPDATE rtcbench.about SET "+x.key+" = $1", *x.given); err != nil {
			return made, s.explain(err)
		}
		span := "for ever"
		if *x.given > 0 {
			span = "for " + bench.Many(*x.given, "day")
		}
		made = append(made, fmt.Sprintf("a rule: %s are kept %s", x.say, span))
	}
	s.forget()
	if err := s.sweep(ctx, time.Now()); err != nil {
		return made, s.explain(err)
	}
	return made, nil
}

// forget drops what the Store remembers, so that it is read again.
func (s *Store) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.layout, s.swept = nil, time.Time{}
	clear(s.days)
	clear(s.series)
}
