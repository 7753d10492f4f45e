// Package sqlite keeps runs in one SQLite file: the store that needs no server. The store sums up by
// rollups, and removes nothing by itself.
package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	driver "modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"

	"rtcbench/bench"
	"rtcbench/internal/files"
	"rtcbench/internal/result"
)

var errNotOurs = errors.New("it is no store of rtcbench")

// Store is a store in one file. Several processes may have the file open.
type Store struct {
	path    string
	options Options

	mu   sync.RWMutex // held for writing while the fields below change
	file os.FileInfo  // the file that db and read have open
	db   *sql.DB      // one connection that writes; nil = opened for reading
	read *sql.DB
	with statements

	filed atomic.Pointer[sql.DB] // database that wellFiled has checked

	asOf *twoFiles // the files when they were opened without locks or copied; nil = read with locks
	copy *Store    // copy that is read instead, in a folder of its own; nil = none
}

var (
	_ bench.Store      = (*Store)(nil)
	_ bench.Aggregator = (*Store)(nil)
	_ bench.Remover    = (*Store)(nil)
	_ bench.WholeSaver = (*Store)(nil)
	_ bench.Checker    = (*Store)(nil)
)

// Options say how a damaged file is treated.
type Options struct {
	Own bool              // the path is for stores of rtcbench alone: any damaged file there was one
	Say func(line string) // receives messages about a damaged file; nil = they are dropped

	Words bench.Words
}

func (o Options) say(format string, args ...any) {
	if o.Say != nil {
		o.Say(fmt.Sprintf(format, args...))
	}
}

// busy is how long a statement waits for another process that writes.
const busy = 20 * time.Second

var patience = fmt.Sprintf("busy_timeout(%d)", busy.Milliseconds())

// Open opens the store at path with empty Options.
func Open(ctx context.Context, path string) (*Store, error) { return Options{}.Open(ctx, path) }

// Open opens the store at path. A missing store is made, with its folder. A damaged store is renamed, and a new one is
// made. A file that is not ours, or is of a newer rtcbench, is an error and stays as it is. The caller closes the
// store.
func (o Options) Open(ctx context.Context, path string) (*Store, error) {
	s := &Store{path: path, options: o}
	unmake, err := files.Folder(filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("make the folder of the store: %w", err)
	}
	err = s.connect(ctx, thorough)
	if isDamage(err) {
		err = s.beginAnew(ctx, err)
	}
	if err != nil {
		s.disconnect()
		unmake()
		return nil, s.explain(err)
	}
	return s, nil
}

// thorough, as an argument of connect, has the pages of the file checked if there is a reason.
const thorough = true

// connect opens the file for reading and writing. Of a file that it makes, nothing stays if it fails.
func (s *Store) connect(ctx context.Context, thorough bool) (err error) {
	if s.file, err = os.Stat(s.path); errors.Is(err, fs.ErrNotExist) {
		defer func() {
			if err != nil {
				s.disconnect()
				unmake(ctx, s.path)
			}
		}()
	}
	unclean := size(s.path+"-wal") > 0 || size(s.path+"-journal") > 0 // no process has closed the file
	if err := s.look(ctx); err != nil {
		return err
	}
	// WAL: readers and the writer do not wait for each other. FULL: a run that Save accepted survives a power cut.
	pragmas := []string{patience, "journal_mode(wal)", "synchronous(full)", "foreign_keys(on)"}
	if s.db, err = open(s.path, url.Values{"_txlock": {"immediate"}, "_pragma": pragmas}, 1); err != nil {
		return err
	}
	if s.read, err = open(s.path, url.Values{"_pragma": {patience, "query_only(on)"}}, 4); err != nil {
		return err
	}
	if err := migrate(ctx, s.db); err != nil {
		return err
	}
	if err := sound(ctx, s.db); err != nil {
		return err
	}
	if s.with, err = prepare(ctx, s.db); err != nil {
		return asDamage(err)
	}
	if s.file, err = os.Stat(s.path); err != nil {
		return err
	}
	if thorough && (unclean || s.firstOfDay(ctx)) {
		return s.lookThrough(ctx)
	}
	return nil
}

func open(path string, options url.Values, connections int) (*sql.DB, error) {
	// The driver takes a URI, so special characters in the path are escaped.
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: filepath.ToSlash(path)}).EscapedPath()+"?"+options.Encode())
	if err == nil {
		db.SetMaxOpenConns(connections)
	}
	return db, err
}

// look checks what a file is, before anything is written to it.
func (s *Store) look(ctx context.Context) error {
	if info, err := os.Stat(s.path); errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0 {
		return nil
	}
	err := s.lookBy(ctx, "ro")
	// If a process was killed while it made the file, a journal is left, which only a writer may roll back.
	var e *driver.Error
	if errors.As(err, &e) && e.Code() == codes.SQLITE_READONLY_ROLLBACK {
		err = s.lookBy(ctx, "rw")
	}
	if bearsMark(s.path) {
		err = asDamage(err)
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

// String implements bench.Store.
func (s *Store) String() string { return Name(s.path) }

// Close closes the file. It may be called again.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.disconnect()
}

func (s *Store) disconnect() (err error) {
	for _, db := range []*sql.DB{s.read, s.db} {
		if db != nil {
			err = errors.Join(err, db.Close())
		}
	}
	if s.copy != nil {
		err = errors.Join(err, s.copy.disconnect(), os.RemoveAll(filepath.Dir(s.copy.path)))
	}
	return err
}

// explain adds to an error of the file what the user can do.
func (s *Store) explain(err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if isDamage(err) {
		return fmt.Errorf("store %s is damaged: %w; it was not changed: move it away with its -wal and -shm beside "+
			"it (a new one "+
			"is made), and try %ssqlite3's .recover, on it", s.path, err,
			bench.Hint("", s.options.Words.Export, " "+Kind+"FILE, or "))
	}
	if noRoom(err) {
		return fmt.Errorf("store %s: the disk is full: %w", s.path, err)
	}
	switch code(err) {
	case codes.SQLITE_BUSY:
		return fmt.Errorf("store %s: another process has been writing for %v: %w", s.path, busy, err)
	case codes.SQLITE_READONLY, codes.SQLITE_PERM:
		return fmt.Errorf("store %s cannot be written: %w", s.path, err)
	case codes.SQLITE_CANTOPEN:
		return fmt.Errorf("store %s cannot be written, or not even read: %w", s.path, err)
	}
	return fmt.Errorf("store %s: %w", s.path, err)
}

// Save keeps r, and adds it to the rollups of its hour and its day in the same transaction.
func (s *Store) Save(ctx context.Context, r bench.Record) error {
	_, err := s.SaveAll(ctx, []bench.Record{r})
	return err
}

// SaveAll keeps all runs in list in one transaction, or none of them. It returns nil only if every run was read back.
// fresh is how many were not kept before.
func (s *Store) SaveAll(ctx context.Context, list []bench.Record) (fresh int, err error) {
	packed, err := bench.LeaveOne(ctx, func() ([]bench.Packed, error) { return result.PackAll(list) })
	if err != nil {
		return 0, err
	}
	return s.SavePacked(ctx, packed)
}

// SavePacked is SaveAll of runs that are packed already.
func (s *Store) SavePacked(ctx context.Context, list []bench.Packed) (fresh int, err error) {
	for again := false; ; again = true {
		file := s.opened()
		fresh, err = s.transact(ctx, func(b *batch) (int, error) { return b.saveAll(ctx, list) })
		if again || !s.atFault(ctx, err) {
			return fresh, s.explain(err)
		}
		if err := s.renew(ctx, file, err); err != nil {
			return 0, s.explain(err)
		}
	}
}

// opened is the file that is open now.
func (s *Store) opened() os.FileInfo {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.file
}

// errMoved says that another process or the user has moved the file away.
var errMoved = errors.New("the file is not at its place any more")

// transact calls do in a transaction that writes.
func (s *Store) transact(ctx context.Context, do func(*batch) (int, error)) (n int, err error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.db == nil {
		return 0, errors.New("it was opened to read")
	}
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return 0, err
	}
	defer tx.Rollback()
	if s.moved() {
		return 0, errMoved
	}
	if n, err = do(newBatch(tx, s.with)); err == nil {
		err = tx.Commit()
	}
	if errors.Is(err, sql.ErrTxDone) { // the transaction was rolled back at the end of ctx
		err = cmp.Or(ctx.Err(), err)
	}
	if err != nil {
		return 0, err
	}
	if s.moved() { // SavePacked repeats it in the new file
		return 0, errMoved
	}
	return n, nil
}

// moved reports whether the file is no longer at the store's path.
func (s *Store) moved() bool {
	now, err := os.Stat(s.path)
	return err != nil || !os.SameFile(now, s.file)
}
