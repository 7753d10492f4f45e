package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"time"

	driver "modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"

	"rtcbench/bench"
)

// errDamage says that a file is a store of rtcbench, but not as any version makes one.
var errDamage = errors.New("it is not as rtcbench makes it")

// code is the primary result code of SQLite (sqlite.org/rescode.html); 0 = err is not from SQLite.
func code(err error) int {
	var e *driver.Error
	if errors.As(err, &e) {
		return e.Code() & 0xff
	}
	return 0
}

// isDamage reports whether err says that the file is damaged.
func isDamage(err error) bool {
	c := code(err)
	return errors.Is(err, errDamage) || c == codes.SQLITE_CORRUPT || c == codes.SQLITE_NOTADB
}

// asDamage turns the error of a correct SQL statement into errDamage: it can only fail if the tables are damaged.
func asDamage(err error) error {
	if code(err) == codes.SQLITE_ERROR {
		return fmt.Errorf("%w: %w", errDamage, err)
	}
	return err
}

// ofContent reports whether err comes from the content of the file. Errors of the operating system do not, and neither
// does the end of the caller's context.
func ofContent(err error) bool {
	switch code(err) {
	case codes.SQLITE_PERM, codes.SQLITE_BUSY, codes.SQLITE_LOCKED, codes.SQLITE_READONLY, codes.SQLITE_INTERRUPT,
		codes.SQLITE_FULL, codes.SQLITE_CANTOPEN, codes.SQLITE_PROTOCOL, codes.SQLITE_MISUSE:
		return false
	case 0:
		for _, other := range []error{context.Canceled, context.DeadlineExceeded, sql.ErrConnDone, errMoved} {
			if errors.Is(err, other) {
				return false
			}
		}
	}
	return err != nil && err.Error() != "sql: database is closed" // database/sql does not export this error
}

// atFault reports whether saving failed because of the file. If the error may have another cause, the pages of the file
// are checked, too.
func (s *Store) atFault(ctx context.Context, err error) bool {
	switch c := code(err); {
	case isDamage(err) || errors.Is(err, errMoved):
		return true
	case !ofContent(err) || c == codes.SQLITE_IOERR || c == codes.SQLITE_NOMEM:
		return false
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.db != nil && isDamage(s.lookThrough(ctx))
}

// lookTime bounds a check while somebody waits. A full check, which the user asks for, takes as long as it needs.
const lookTime = 5 * time.Second

// lookThrough checks the pages of the file (sqlite.org/pragma.html#pragma_quick_check).
func (s *Store) lookThrough(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	var found string
	if err := s.read.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&found); err != nil {
		if isDamage(err) {
			return err
		}
		return nil // the next access meets the same error
	}
	if found != "ok" {
		return fmt.Errorf("%w: %s", errDamage, found)
	}
	return nil
}

// firstOfDay reports whether no run of today was saved yet: the file is checked once a day.
func (s *Store) firstOfDay(ctx context.Context) bool {
	var ended int64
	err := s.read.QueryRowContext(ctx, "SELECT ended FROM run ORDER BY key DESC LIMIT 1").Scan(&ended)
	return err == nil && ended/day != time.Now().UnixMicro()/day || isDamage(err)
}

const day = int64(24 * time.Hour / time.Microsecond)

// sound checks that the tables are as the migrations make them. There may be other tables, too.
func sound(ctx context.Context, db *sql.DB) error {
	want, err := made()
	if err != nil {
		return err
	}
	have, err := layout(ctx, db)
	if err != nil {
		return asDamage(err)
	}
	for _, line := range want {
		if _, there := slices.BinarySearch(have, line); !there {
			return fmt.Errorf("%w: the layout lacks %q", errDamage, line)
		}
	}
	return nil
}

// made is the layout of a new store.
var made = sync.OnceValues(func() ([]string, error) {
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		return nil, err
	}
	defer db.Close()
	db.SetMaxOpenConns(1) // each connection to :memory: has a database of its own
	for _, m := range migrations {
		if _, err := db.Exec(m.sql); err != nil {
			return nil, err
		}
	}
	return layout(context.Background(), db)
})

// layout lists the columns, indexes and references of a database: a line each, sorted.
func layout(ctx context.Context, db *sql.DB) (lines []string, err error) {
	rows, err := db.QueryContext(ctx, `
SELECT m.name || '.' || p.name || ' ' || p.type || ' ' || p."notnull" || ' ' || p.pk || coalesce(' ' || `+
		`p.dflt_value, '')
	FROM sqlite_schema m JOIN pragma_table_info(m.name) p WHERE m.type = 'table'
UNION ALL SELECT m.name || ' by ' || l.name || ' ' || l."unique" || ' ' || i.seqno || ' ' || i.name
	FROM sqlite_schema m JOIN pragma_index_list(m.name) l JOIN pragma_index_info(l.name) i WHERE m.type = 'table'
UNION ALL SELECT m.name || '.' || f."from" || ' to ' || f."table" || '.' || coalesce(f."to", '')
	FROM sqlite_schema m JOIN pragma_foreign_key_list(m.name) f WHERE m.type = 'table'
ORDER BY 1`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return nil, err
		}
		lines = append(lines, line)
	}
	return lines, rows.Err()
}

// bearsMark reports whether the header of the file has our application ID
// (sqlite.org/fileformat.html#the_database_header).
func bearsMark(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	var header [100]byte
	_, err = io.ReadFull(f, header[:])
	return err == nil && string(header[68:72]) == "rtcb"
}

// renew opens the file again after a transaction on it failed. file is the file of the transaction, why its error.
func (s *Store) renew(ctx context.Context, file os.FileInfo, why error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file != file { // another goroutine has opened it again meanwhile
		return nil
	}
	return s.beginAnew(ctx, why)
}

// beginAnew sets a damaged store aside and makes a new one. If another process has done that already, it opens the new
// one.
func (s *Store) beginAnew(ctx context.Context, why error) error {
	if !errors.Is(why, errDamage) && !errors.Is(why, errMoved) && !s.options.Own && !bearsMark(s.path) {
		return why
	}
	was := s.file
	if err := s.disconnect(); err != nil && !isDamage(err) {
		return err
	}
	s.db, s.read = nil, nil
	now, err := os.Stat(s.path)
	if err != nil || was == nil || !os.SameFile(now, was) {
		return s.connect(ctx, thorough)
	}
	aside, err := setAside(s.path)
	if err != nil {
		return fmt.Errorf("%w; it could not be set aside: %w", why, err)
	}
	s.options.say("store %s is damaged (%v): it was set aside as %s%s", s.path, why, aside,
		bench.Hint("; ", s.options.Words.Export, " "+Name(aside)+" gives what can be read of it"))
	if err := s.connect(ctx, thorough); err != nil {
		return err
	}
	s.options.say("a new store was begun at %s", s.path)
	return nil
}

// setAside renames a store. The files beside it are renamed first: SQLite deletes a log that it finds beside a new
// file.
func setAside(path string) (aside string, err error) {
	name := path + ".damaged-" + time.Now().UTC().Format("20060102T150405.000Z")
	for _, tail := range []string{"-wal", "-journal", "-shm", ""} {
		if err := os.Rename(path+tail, name+tail); err != nil && (tail == "" || !errors.Is(err, os.ErrNotExist)) {
			return "", err
		}
	}
	return name, nil
}
