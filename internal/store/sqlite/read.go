package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"

	codes "modernc.org/sqlite/lib"

	"rtcbench/bench"
)

// OpenToRead opens a store for reading with empty Options.
func OpenToRead(ctx context.Context, path string) (*Store, error) {
	return Options{}.OpenToRead(ctx, path)
}

// OpenToRead opens the store at path for reading; Save is an error then. It changes nothing in the file and in its
// folder, so it works on a full disk and without the right to write. Two kinds of stores are read in a copy in the
// folder for temporary files: stores of an older version, and stores with a log that lacks its index. The caller closes
// the store.
func (o Options) OpenToRead(ctx context.Context, path string) (*Store, error) {
	if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Size() == 0 && size(path+"-wal") == 0 {
		return nil, fmt.Errorf("store %s is empty: nothing was kept in it yet", path) // Open makes a store of it
	}
	s := &Store{path: path, options: o}
	if err := s.connectToRead(ctx); err != nil {
		s.disconnect()
		return nil, s.explain(err)
	}
	return s, nil
}

// Without locks, the file must have no writer, and its write-ahead log must be empty
// (sqlite.org/wal.html#read_only_databases).
var (
	withLocks    = url.Values{"mode": {"ro"}, "readonly_shm": {"1"}}
	withoutLocks = url.Values{"mode": {"ro"}, "immutable": {"1"}}
)

func (s *Store) connectToRead(ctx context.Context) (err error) {
	if s.file, err = os.Stat(s.path); err != nil {
		return err
	}
	log, there := os.Stat(s.path + "-wal")
	_, index := os.Stat(s.path + "-shm")
	now := filesOf(s.path)
	if size(s.path+"-journal") > 0 { // a process was killed while it made the file
		return s.readCopy(ctx, now)
	}
	if there == nil && index == nil { // a process has it open, or was killed
		if err := s.readBy(ctx, withLocks, now); err == nil || !unreachable(err) {
			return err
		}
	}
	if there != nil || log.Size() == 0 {
		return s.readBy(ctx, withoutLocks, now)
	}
	if err := s.readCopy(ctx, now); err == nil || isDamage(err) {
		return err
	} else if e := s.readBy(ctx, withoutLocks, now); e != nil {
		return err
	} else {
		s.options.say("store %s is read without its -wal, in which its latest runs may be: %v", s.path, err)
		return nil
	}
}

// unreachable reports whether a file cannot be opened in this way, but perhaps in another.
func unreachable(err error) bool {
	switch code(err) {
	case codes.SQLITE_READONLY, codes.SQLITE_CANTOPEN, codes.SQLITE_PERM, codes.SQLITE_IOERR, codes.SQLITE_FULL,
		codes.SQLITE_PROTOCOL:
		return true
	}
	return false
}

// readBy opens the file with the given parameters. now are its files before.
func (s *Store) readBy(ctx context.Context, way url.Values, now *twoFiles) error {
	options := url.Values{"_pragma": {patience, "query_only(on)", "temp_store(memory)"}}
	for k, v := range way {
		options[k] = v
	}
	db, err := open(s.path, options, 4)
	if err != nil {
		return err
	}
	switch version, _, err := identify(ctx, db); {
	case err != nil && !errors.Is(err, errDamage): // with errDamage, what can be read of it is read
		return errors.Join(err, db.Close())
	case err == nil && version < len(migrations):
		if err := db.Close(); err != nil {
			return err
		}
		return s.readCopy(ctx, now)
	}
	s.read = db
	if way.Get("immutable") != "" {
		s.asOf = now
	}
	return nil
}

// twoFiles are the file of a store and its log. A store that is read without locks or in a copy is opened again if they
// have changed.
type twoFiles struct{ main, log os.FileInfo }

func filesOf(path string) *twoFiles {
	main, _ := os.Stat(path) // nil = there is no file
	log, _ := os.Stat(path + "-wal")
	return &twoFiles{main, log}
}

func (f *twoFiles) same(o *twoFiles) bool {
	return unchanged(f.main, o.main) && (unchanged(f.log, o.log) || empty(f.log) && empty(o.log))
}

func unchanged(a, b os.FileInfo) bool {
	return a != nil && b != nil && os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

func empty(f os.FileInfo) bool { return f == nil || f.Size() == 0 }

// readCopy opens a copy of the store, which may be written. now are the files of the store before.
func (s *Store) readCopy(ctx context.Context, now *twoFiles) error {
	dir, err := os.MkdirTemp("", "rtcbench-store-")
	if err != nil {
		return err
	}
	c := &Store{path: filepath.Join(dir, "runs.db")}
	for _, tail := range []string{"", "-wal", "-journal"} {
		if err = copyFile(c.path+tail, s.path+tail); err != nil && (tail == "" || !errors.Is(err, os.ErrNotExist)) {
			err = fmt.Errorf("it has to be read in a copy: %w", err)
			break
		}
		err = nil
	}
	if err == nil {
		err = c.connect(ctx, !thorough)
	}
	if err != nil {
		return errors.Join(err, c.disconnect(), os.RemoveAll(dir))
	}
	s.copy, s.asOf = c, now
	return nil
}

func copyFile(to, from string) error {
	r, err := os.Open(from)
	if err != nil {
		return err
	}
	defer r.Close()
	w, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, r)
	return errors.Join(err, w.Close())
}

// size is the size of the file; 0 = there is none.
func size(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

// mostTries bounds how often a file is read again because it changed meanwhile.
const mostTries = 20

// reading calls f with the database to read. It calls f again if the file was read without locks and changed meanwhile.
func (s *Store) reading(ctx context.Context, f func(*sql.DB) error) error {
	s.mu.RLock()
	stale := s.asOf != nil && !s.asOf.same(filesOf(s.path))
	s.mu.RUnlock()
	if stale {
		if err := s.reconnect(ctx); err != nil {
			return err
		}
	}
	var last error
	for range mostTries {
		again, err := s.readOnce(f)
		if !again {
			return err
		}
		last = err
		if err := s.reconnect(ctx); err != nil {
			return err
		}
	}
	return cmp.Or(last, errors.New("another process writes it again and again"))
}

func (s *Store) reconnect(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.disconnect()
	s.read, s.copy, s.asOf = nil, nil, nil
	return errors.Join(err, s.connectToRead(ctx))
}

func (s *Store) readOnce(f func(*sql.DB) error) (again bool, err error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	from := s
	if s.copy != nil {
		from = s.copy
	}
	if from.read == nil {
		return false, errors.New("it could not be opened again")
	}
	err = f(from.read)
	if s.asOf == nil { // the log may have been replaced, or its index removed with the last writer
		return s.db == nil && unreachable(err), err
	}
	if s.copy != nil { // nobody writes the copy
		return false, err
	}
	return !s.asOf.same(filesOf(s.path)), err
}

// Check reads the whole file. The error says what is wrong with its layout, its pages, or its sums. It does not read
// the single runs.
func (s *Store) Check(ctx context.Context) error {
	err := s.reading(ctx, func(db *sql.DB) error {
		if _, _, err := identify(ctx, db); err != nil {
			return err
		}
		if err := sound(ctx, db); err != nil {
			return err
		}
		var found string
		if err := db.QueryRowContext(ctx, "PRAGMA integrity_check(1)").Scan(&found); err != nil {
			return err
		}
		if found != "ok" {
			return fmt.Errorf("%w: %s", errDamage, found)
		}
		var other int
		if err := db.QueryRowContext(ctx, "SELECT count(*) FROM (SELECT ended / 3600000000, count(*), sum("+
			markOf("run")+") FROM run GROUP BY 1 EXCEPT SELECT start, runs, mark FROM hour)").Scan(&other); err != nil {
			return err
		}
		if other > 0 {
			return fmt.Errorf("%w: %d hours have other runs than are counted", errDamage, other)
		}
		return misfiled(ctx, db)
	})
	if err != nil {
		return s.explain(err)
	}
	return s.checkSums(ctx)
}

// checkSums compares the rollups with the runs. It compares nothing if a run cannot be read.
func (s *Store) checkSums(ctx context.Context) error {
	q := bench.Query{Invalid: true}
	byRun, bad, err := bench.AggregateRuns(ctx, struct{ bench.Store }{s}, q)
	if err != nil || bad > 0 {
		return err
	}
	sums, err := s.sums(ctx, q)
	if err != nil && !ofContent(err) {
		return s.explain(err)
	}
	same := err == nil && len(sums) == len(byRun)
	for i := 0; same && i < len(sums); i++ {
		a, b := sums[i], byRun[i]
		same = a.Series == b.Series && a.Runs == b.Runs && a.Counts == b.Counts && a.Histogram.Equal(b.Histogram)
	}
	if !same {
		return fmt.Errorf("store %s: its sums are not those of its runs%s", s.path,
			bench.Hint(": ", s.options.Words.Export, " "+s.String()+", and import what that writes into a new store"))
	}
	return nil
}
