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
	"rtcbench/internal/result"
)

var errNotOurs = errors.New("it is no store of rtcbench")

// Store is one file. Several processes may have it open.
type Store struct {
	path    string
	options Options

	mu   sync.RWMutex // held to write while the fields below are exchanged
	file os.FileInfo  // of the file that they have open
	db   *sql.DB      // writes: one connection; nil = the store is open to be read
	read *sql.DB
	with statements

	filed atomic.Pointer[sql.DB] // whose series were found to be those of their runs: nobody looks twice

	asOf *files // what was there when it was opened to be read without locks, or copied; nil = it is read with them
	copy *Store // what is read instead, in a folder of its own; nil = the file itself
}

var (
	_ bench.Store      = (*Store)(nil)
	_ bench.Aggregator = (*Store)(nil)
	_ bench.Remover    = (*Store)(nil)
	_ bench.WholeSaver = (*Store)(nil)
	_ bench.Checker    = (*Store)(nil)
)

// Options say how a file is treated that is damaged.
type Options struct {
	Own bool              // only rtcbench keeps a store there: what is damaged was one, whatever it looks like now
	Say func(line string) // is told what became of it; nil = nobody asks

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

// Open opens the store at path as Options without a field do.
func Open(ctx context.Context, path string) (*Store, error) { return Options{}.Open(ctx, path) }

// Open opens the store at path, and makes it and its folder if there is none. A store that is damaged is set aside
// under a name of its own, and a new one is begun. A file that is not ours, or of a newer rtcbench, is an error and
// stays as it is. Close it.
func (o Options) Open(ctx context.Context, path string) (*Store, error) {
	s := &Store{path: path, options: o}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of the store: %w", err)
	}
	err := s.connect(ctx, thorough)
	if isDamage(err) {
		err = s.beginAnew(ctx, err)
	}
	if err != nil {
		s.disconnect()
		return nil, s.explain(err)
	}
	return s, nil
}

// thorough, as an argument of connect: the file is looked through where there is reason to.
const thorough = true

// connect opens the file, to read and to write.
func (s *Store) connect(ctx context.Context, thorough bool) error {
	s.file, _ = os.Stat(s.path)
	unclean := size(s.path+"-wal") > 0 || size(s.path+"-journal") > 0 // nobody closed it
	if err := s.look(ctx); err != nil {
		return err
	}
	// WAL: readers and the writer do not wait for each other. FULL: what Save accepted survives a power cut.
	var err error
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

// Close may be called again.
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

// explain says what is wrong with the file, and what to do.
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
	switch code(err) {
	case codes.SQLITE_FULL:
		return fmt.Errorf("store %s: the disk is full: %w", s.path, err)
	case codes.SQLITE_BUSY:
		return fmt.Errorf("store %s: another process has been writing for %v: %w", s.path, busy, err)
	case codes.SQLITE_READONLY, codes.SQLITE_PERM:
		return fmt.Errorf("store %s cannot be written: %w", s.path, err)
	case codes.SQLITE_CANTOPEN:
		return fmt.Errorf("store %s cannot be written, or not even read: %w", s.path, err)
	}
	return fmt.Errorf("store %s: %w", s.path, err)
}

// Save keeps r, and adds it to the rollups of its hour and day in the same transaction.
func (s *Store) Save(ctx context.Context, r bench.Record) error {
	_, err := s.SaveAll(ctx, []bench.Record{r})
	return err
}

// SaveAll keeps list in one transaction: all or none. It returns nil only if the store can give every one of them back.
// fresh is how many were not kept before.
func (s *Store) SaveAll(ctx context.Context, list []bench.Record) (fresh int, err error) {
	packed, err := result.PackAll(list)
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

// errMoved is of a file that another process has put aside, or the user away.
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
	if errors.Is(err, sql.ErrTxDone) { // the end of ctx has rolled it back
		err = cmp.Or(ctx.Err(), err)
	}
	if err != nil {
		return 0, err
	}
	if s.moved() { // meanwhile: it is done again in the file that is there now
		return 0, errMoved
	}
	return n, nil
}

// moved reports whether another file stands at the store's place, or none.
func (s *Store) moved() bool {
	now, err := os.Stat(s.path)
	return err != nil || !os.SameFile(now, s.file)
}
