// Package sqlite keeps runs in one SQLite file: the store that needs no server. It sums up by
// rollups; it removes nothing by itself.
package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	driver "modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"

	"rtcbench/bench"
	"rtcbench/internal/result"
)

var errNotOurs = errors.New("it is no store of rtcbench")

// Store is one file. Several processes may have it open.
type Store struct {
	path string
	db   *sql.DB // writes: one connection; nil = the file may not be written
	read *sql.DB
	with statements
}

var (
	_ bench.Store      = (*Store)(nil)
	_ bench.Aggregator = (*Store)(nil)
)

// busy is how long a statement waits for another process that writes.
const busy = 20 * time.Second

var patience = fmt.Sprintf("busy_timeout(%d)", busy.Milliseconds())

// Open opens the store at path, and makes it and its folder if there is none. A file that is damaged, or not
// ours, is an error and stays as it is. Close it.
func Open(ctx context.Context, path string) (*Store, error) {
	s := &Store{path: path}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of the store: %w", err)
	}
	if err := s.look(ctx); err != nil {
		return nil, s.explain(err)
	}
	// WAL: readers and the writer do not wait for each other. FULL: what Save accepted survives a power cut.
	var err error
	if s.db, err = open(path, url.Values{"_txlock": {"immediate"}, "_pragma": {patience, "journal_mode(wal)", "synchronous(full)", "foreign_keys(on)"}}, 1); err != nil {
		return nil, s.explain(err)
	}
	if s.read, err = open(path, url.Values{"_pragma": {patience, "query_only(on)"}}, 4); err != nil {
		return nil, errors.Join(s.explain(err), s.db.Close())
	}
	if err = migrate(ctx, s.db); err == nil {
		s.with, err = prepare(ctx, s.db)
	}
	if err != nil {
		s.Close()
		return nil, s.explain(err)
	}
	return s, nil
}

func open(path string, options url.Values, connections int) (*sql.DB, error) {
	// The driver takes a URI; the path in it may hold anything.
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: filepath.ToSlash(path)}).EscapedPath()+"?"+options.Encode())
	if err == nil {
		db.SetMaxOpenConns(connections)
	}
	return db, err
}

// look finds out what a file is before anything is written to it.
func (s *Store) look(ctx context.Context) error {
	if info, err := os.Stat(s.path); errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0 {
		return nil
	}
	err := s.lookBy(ctx, "ro")
	// A process that was killed while it made the file has left a journal beside it, which only a writer may roll back.
	var e *driver.Error
	if errors.As(err, &e) && e.Code() == codes.SQLITE_READONLY_ROLLBACK {
		err = s.lookBy(ctx, "rw")
	}
	return err
}

func (s *Store) lookBy(ctx context.Context, mode string) error {
	db, err := open(s.path, url.Values{"mode": {mode}, "_pragma": {patience}}, 1)
	if err != nil {
		return err
	}
	defer db.Close()
	_, _, err = identify(ctx, db)
	return err
}

// String names the store as --store takes it.
func (s *Store) String() string { return "sqlite:" + s.path }

// Close may be called again.
func (s *Store) Close() error {
	err := s.read.Close()
	if s.db != nil {
		err = errors.Join(err, s.db.Close())
	}
	return err
}

// explain says what is wrong with the file, and what to do.
func (s *Store) explain(err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	var e *driver.Error
	if errors.As(err, &e) {
		switch e.Code() & 0xff {
		case codes.SQLITE_NOTADB, codes.SQLITE_CORRUPT:
			return fmt.Errorf("store %s is damaged: %w; it was not changed: move it away with its -wal and -shm beside it (a new one is made), and try sqlite3's .recover on it", s.path, err)
		case codes.SQLITE_FULL:
			return fmt.Errorf("store %s: the disk is full: %w", s.path, err)
		case codes.SQLITE_BUSY:
			return fmt.Errorf("store %s: another process has been writing for %v: %w", s.path, busy, err)
		case codes.SQLITE_READONLY, codes.SQLITE_PERM:
			return fmt.Errorf("store %s cannot be written: %w", s.path, err)
		case codes.SQLITE_CANTOPEN:
			return fmt.Errorf("store %s cannot be written, or not even read: %w", s.path, err)
		}
	}
	return fmt.Errorf("store %s: %w", s.path, err)
}

// Save keeps run, and adds it to the rollups of its hour and day in the same transaction.
func (s *Store) Save(ctx context.Context, run bench.Run) error {
	_, err := s.SaveAll(ctx, []bench.Run{run})
	return err
}

// SaveAll keeps runs in one transaction: all or none. fresh is how many were not kept before.
func (s *Store) SaveAll(ctx context.Context, runs []bench.Run) (fresh int, err error) {
	packed := make([]result.Packed, len(runs))
	for i, r := range runs {
		if packed[i], err = result.Pack(r); err != nil {
			return 0, err
		}
	}
	if s.db == nil {
		return 0, fmt.Errorf("store %s was opened to read", s.path)
	}
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return 0, s.explain(err)
	}
	defer tx.Rollback()
	b := newBatch(tx, s.with)
	for i, r := range runs {
		saved, err := b.save(ctx, r, packed[i])
		if err != nil {
			return 0, s.explain(err)
		}
		if saved {
			fresh++
		}
	}
	if err := b.flush(ctx); err != nil {
		return 0, s.explain(err)
	}
	return fresh, s.explain(tx.Commit())
}

// Runs reads in chunks: nothing is held open between two runs.
func (s *Store) Runs(ctx context.Context, q bench.Query) iter.Seq2[bench.Run, error] {
	return func(yield func(bench.Run, error) bool) {
		const chunk = 256
		from := position{ended: -1 << 62}
		if q.Limit > 0 {
			var err error
			if from, err = s.lastFrom(ctx, q); err != nil {
				yield(bench.Run{}, s.explain(err))
				return
			}
		}
		for {
			rows, err := s.chunk(ctx, q, from, chunk)
			if err != nil {
				yield(bench.Run{}, s.explain(err))
				return
			}
			for _, row := range rows {
				run, err := row.Packed.Run()
				if err != nil {
					run, err = bench.Run{ID: row.id}, fmt.Errorf("store %s: run %s cannot be read: %w", s.path, row.id, err)
				}
				if !yield(run, err) {
					return
				}
				from = row.position
			}
			if len(rows) < chunk {
				return
			}
		}
	}
}

// position is a place in the order of runs.
type position struct {
	ended int64
	id    string
}

type row struct {
	position
	result.Packed
}

func (s *Store) chunk(ctx context.Context, q bench.Query, after position, n int) (list []row, err error) {
	samples := "NULL"
	if q.Samples {
		samples = "run.samples"
	}
	where, args := conditions(q)
	query := "SELECT run.ended, run.id, run.document, run.histogram, " + samples + " FROM run JOIN series ON series.id = run.series WHERE " +
		where + " AND (run.ended, run.id) > (?, ?) ORDER BY run.ended, run.id LIMIT ?"
	rows, err := s.read.QueryContext(ctx, query, append(args, after.ended, after.id, n)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var r row
		if err := rows.Scan(&r.ended, &r.id, &r.Document, &r.Histogram, &r.Samples); err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, rows.Err()
}

// lastFrom is the position before the last q.Limit runs.
func (s *Store) lastFrom(ctx context.Context, q bench.Query) (position, error) {
	where, args := conditions(q)
	p := position{ended: -1 << 62}
	err := s.read.QueryRowContext(ctx, "SELECT run.ended, run.id FROM run JOIN series ON series.id = run.series WHERE "+
		where+" ORDER BY run.ended DESC, run.id DESC LIMIT 1 OFFSET ?", append(args, q.Limit)...).Scan(&p.ended, &p.id)
	if errors.Is(err, sql.ErrNoRows) { // there are not that many
		err = nil
	}
	return p, err
}

// conditions is q as SQL.
func conditions(q bench.Query) (string, []any) {
	where, args := []string{"1"}, []any{}
	add := func(set bool, condition string, value any) {
		if set {
			where, args = append(where, condition), append(args, value)
		}
	}
	add(q.ID != "", "run.id = ?", q.ID)
	add(q.Platform != "", "series.platform = ?", q.Platform)
	add(q.Location != "", "series.location = ?", q.Location)
	add(q.Engine != "", "series.engine = ?", q.Engine)
	add(q.Transport != "", "series.transport = ?", string(q.Transport))
	add(q.Path != "", "run.path = ?", string(q.Path))
	add(!q.Since.IsZero(), "run.ended >= ?", q.Since.UnixMicro())
	add(!q.Until.IsZero(), "run.ended < ?", q.Until.UnixMicro())
	return strings.Join(where, " AND "), args
}

func seriesArgs(s bench.Series) []any {
	return []any{s.Platform, cmp.Or(s.Location, bench.Unknown), s.Engine, string(s.Transport)}
}

// Check reads the whole file and says what is damaged in it.
func (s *Store) Check(ctx context.Context) error {
	var found string
	if err := s.read.QueryRowContext(ctx, "PRAGMA integrity_check(1)").Scan(&found); err != nil {
		return s.explain(err)
	}
	if found != "ok" {
		return fmt.Errorf("store %s is damaged: %s", s.path, found)
	}
	return nil
}
