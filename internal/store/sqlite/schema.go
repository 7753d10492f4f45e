package sqlite

import (
	"context"
	"database/sql"
	"fmt"

	codes "modernc.org/sqlite/lib"
)

// applicationID is the ID in the header of our files: "rtcb" (sqlite.org/pragma.html#pragma_application_id).
const applicationID = 0x72746362

// migration upgrades a store by one version.
type migration struct {
	sql  string
	then func(context.Context, *sql.Tx) error // the part that SQL cannot do; nil = nothing
}

// migrations upgrade a store from version i to version i+1. The first ones are written by hand; each further one adds
// the column of a new count.
var migrations = append(released, counted.since(countedAtFirst)...)

// countedAtFirst are the counts that the tables of released have a column for.
var countedAtFirst = counted[:5]

// released are the migrations that are written by hand. A released migration is never changed. Before a new migration
// is added, the columns that were added since the last one have to be written here, and their counts into
// countedAtFirst. So the versions stay in the order of their releases.
var released = []migration{{sql: `
CREATE TABLE series (
	id        INTEGER PRIMARY KEY,
	platform  TEXT NOT NULL,
	location  TEXT NOT NULL, -- 'unknown' where none was given
	engine    TEXT NOT NULL,
	transport TEXT NOT NULL, -- '' = not known
	UNIQUE (platform, location, engine, transport)
);
-- Short columns stand first: a sum reads them without the pages of the long ones.
CREATE TABLE run (
	key       INTEGER PRIMARY KEY,
	id        TEXT NOT NULL UNIQUE,                  -- UUID
	series    INTEGER NOT NULL REFERENCES series,
	ended     INTEGER NOT NULL,                      -- Unix µs
	sent      INTEGER NOT NULL,
	answered  INTEGER NOT NULL,
	late      INTEGER NOT NULL,
	lost      INTEGER NOT NULL,
	not_sent  INTEGER NOT NULL,
	histogram BLOB NOT NULL,                         -- pairs of varints: distance to the bucket before, count
	document  TEXT NOT NULL,                         -- the result file as JSON, without its long lists
	samples   BLOB                                   -- packed in columns; NULL = none were kept
);
CREATE INDEX run_ended ON run (ended, id);
CREATE INDEX run_series ON run (series, ended);
CREATE TABLE rollup (
	seconds   INTEGER NOT NULL,                      -- 3600 or 86400
	series    INTEGER NOT NULL REFERENCES series,
	start     INTEGER NOT NULL,                      -- Unix s, a whole number of periods
	runs      INTEGER NOT NULL,
	sent      INTEGER NOT NULL,
	answered  INTEGER NOT NULL,
	late      INTEGER NOT NULL,
	lost      INTEGER NOT NULL,
	not_sent  INTEGER NOT NULL,
	histogram BLOB NOT NULL,
	PRIMARY KEY (seconds, series, start)
) WITHOUT ROWID;
`}, {sql: `
ALTER TABLE run ADD COLUMN invalid INTEGER NOT NULL DEFAULT 0; -- 1: its verdict; sums leave it out
-- Those of invalid runs stand apart.
CREATE TABLE rollup_of_both (
	seconds   INTEGER NOT NULL,
	series    INTEGER NOT NULL REFERENCES series,
	start     INTEGER NOT NULL,
	invalid   INTEGER NOT NULL DEFAULT 0,            -- 1: the sum of the invalid runs of that time
	runs      INTEGER NOT NULL,
	sent      INTEGER NOT NULL,
	answered  INTEGER NOT NULL,
	late      INTEGER NOT NULL,
	lost      INTEGER NOT NULL,
	not_sent  INTEGER NOT NULL,
	histogram BLOB NOT NULL,
	PRIMARY KEY (seconds, series, start, invalid)
) WITHOUT ROWID;
INSERT INTO rollup_of_both (seconds, series, start, runs, sent, answered, late, lost, not_sent, histogram)
	SELECT seconds, series, start, runs, sent, answered, late, lost, not_sent, histogram FROM rollup;
DROP TABLE rollup;
ALTER TABLE rollup_of_both RENAME TO rollup;
`, then: judgeKept}, {sql: `
ALTER TABLE run ADD COLUMN path TEXT NOT NULL DEFAULT ''; -- how the messages travelled: udp, tcp, relay-udp, …; '' ` +
	`= not known
CREATE TABLE rollup_by_path (
	seconds   INTEGER NOT NULL,
	series    INTEGER NOT NULL REFERENCES series,
	path      TEXT NOT NULL DEFAULT '',
	start     INTEGER NOT NULL,
	invalid   INTEGER NOT NULL,
	runs      INTEGER NOT NULL,
	sent      INTEGER NOT NULL,
	answered  INTEGER NOT NULL,
	late      INTEGER NOT NULL,
	lost      INTEGER NOT NULL,
	not_sent  INTEGER NOT NULL,
	histogram BLOB NOT NULL,
	PRIMARY KEY (seconds, series, start, invalid, path)
) WITHOUT ROWID;
INSERT INTO rollup_by_path (seconds, series, start, invalid, runs, sent, answered, late, lost, not_sent, histogram)
	SELECT seconds, series, start, invalid, runs, sent, answered, late, lost, not_sent, histogram FROM rollup;
DROP TABLE rollup;
ALTER TABLE rollup_by_path RENAME TO rollup;
`, then: pathsOfKept}, {sql: `
ALTER TABLE run ADD COLUMN crc BLOB;    -- checksums of the columns, the histogram, the document and the samples
ALTER TABLE rollup ADD COLUMN crc BLOB; -- of the columns and the histogram; NULL = an older version wrote the row
`}, {sql: `
CREATE TABLE series_by_echo (
	id        INTEGER PRIMARY KEY,
	platform  TEXT NOT NULL,
	location  TEXT NOT NULL,                -- 'unknown' where none was given
	engine    TEXT NOT NULL,
	transport TEXT NOT NULL,                -- '' = not known
	echo      TEXT NOT NULL DEFAULT 'none', -- the place whose echo answered; 'none' = no other place's
	UNIQUE (platform, location, engine, transport, echo)
);
INSERT INTO series_by_echo (id, platform, location, engine, transport)
	SELECT id, platform, location, engine, transport FROM series;
DROP TABLE series;
ALTER TABLE series_by_echo RENAME TO series;
CREATE TABLE digest (
	key  INTEGER PRIMARY KEY, -- that of the run
	data BLOB NOT NULL        -- what overviews need of it (brief.go); no row = it stands in the run
);
`, then: echoesOfKept}, {sql: `
CREATE TABLE hour (
	start INTEGER PRIMARY KEY, -- in hours since the Unix epoch
	runs  INTEGER NOT NULL,
	mark  INTEGER NOT NULL     -- which runs they are, added up: another one as soon as they are others
);
INSERT INTO hour SELECT ended / 3600000000, count(*), sum(` + markOf("run") + `) FROM run GROUP BY 1;
CREATE TRIGGER run_added AFTER INSERT ON run BEGIN
	INSERT INTO hour VALUES (NEW.ended / 3600000000, 1, ` + markOf("NEW") + `)
		ON CONFLICT (start) DO UPDATE SET runs = runs + 1, mark = mark + excluded.mark;
END;
CREATE TRIGGER run_removed AFTER DELETE ON run BEGIN
	UPDATE hour SET runs = runs - 1, mark = mark - (` + markOf("OLD") + `) WHERE start = OLD.ended / 3600000000;
	DELETE FROM hour WHERE start = OLD.ended / 3600000000 AND runs <= 0;
END;
`}}

// migrate upgrades the file to the newest version. Several processes may try it at the same time. It ignores the end of
// ctx, because an interrupted migration begins again from the start. It takes seconds for tens of thousands of runs.
func migrate(ctx context.Context, db *sql.DB) error {
	version, ours, err := identify(ctx, db)
	if err != nil || version == len(migrations) && ours {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	// A table with references to it has to be made again under its name (sqlite.org/lang_altertable.html#otheralter).
	if _, err := conn.ExecContext(ctx, "PRAGMA foreign_keys = OFF"); err != nil {
		return err
	}
	defer conn.ExecContext(ctx, "PRAGMA foreign_keys = ON")
	tx, err := conn.BeginTx(ctx, nil) // begins with the write lock: other processes wait
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if version, _, err = identify(ctx, tx); err != nil {
		return err
	}
	for i := version; i < len(migrations); i++ {
		_, err := tx.ExecContext(ctx, migrations[i].sql)
		if then := migrations[i].then; then != nil && err == nil {
			err = then(ctx, tx)
		}
		if err != nil {
			if ofContent(err) && code(err) != codes.SQLITE_IOERR && code(err) != codes.SQLITE_NOMEM {
				err = fmt.Errorf("%w: %w", errDamage, err)
			}
			return fmt.Errorf("bring it to version %d: %w", i+1, err)
		}
	}
	if _, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d", applicationID,
		len(migrations))); err != nil {
		return err
	}
	return tx.Commit()
}

// manyQuerier is a database or a transaction.
type manyQuerier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// mostVersions is greater than any version will be. A greater version in a file is damage, and does not mean a newer
// rtcbench.
const mostVersions = 1000

// identify reads the version of a file; 0 = the file is empty. ours says that the file has our application ID.
func identify(ctx context.Context, q querier) (version int, ours bool, err error) {
	var id, tables, known int64
	err = q.QueryRowContext(ctx, `SELECT (SELECT user_version FROM pragma_user_version), (SELECT application_id FROM `+
		`pragma_application_id),
		(SELECT count(*) FROM sqlite_schema),
		(SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name IN ('series', 'run', 'rollup'))`).
		Scan(&version, &id, &tables, &known)
	switch {
	case err != nil:
		return 0, false, err
	case id != applicationID && known == 3:
		return 0, false, fmt.Errorf("%w: its application_id is %#x and not %#x", errDamage, id, applicationID)
	case id != applicationID && (id != 0 || tables > 0 || version != 0):
		return 0, false, errNotOurs
	case version < 0 || version > mostVersions || version == 0 && tables > 0 || version > 0 && known < 3:
		return 0, false, fmt.Errorf("%w: it has version %d and %d of the 3 tables", errDamage, version, known)
	case version > len(migrations):
		return 0, false, fmt.Errorf("it has version %d and this rtcbench knows %d: a newer one made it", version,
			len(migrations))
	}
	return version, id == applicationID, nil
}
