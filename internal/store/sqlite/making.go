package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"os"

	driver "modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"

	"rtcbench/internal/files"
)

// besides are the ends of the names of the files that SQLite puts beside a database (sqlite.org/tempfiles.html).
var besides = []string{"-wal", "-shm", "-journal"}

// unmake removes a store whose making failed, as on a full disk. A store stays if another process has put a run into it
// meanwhile, or has it open.
func unmake(ctx context.Context, path string) {
	path = files.Target(path)
	// In this mode SQLite needs no -shm, for which a full disk has no room (sqlite.org/wal.html#noshm).
	options := url.Values{"mode": {"rw"}, "_pragma": {"locking_mode(exclusive)"}, "_txlock": {"exclusive"}}
	db, err := open(path, options, 1)
	if err != nil {
		return
	}
	defer db.Close()
	ctx = context.WithoutCancel(ctx)
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return
	}
	defer tx.Rollback()
	if isEmpty(ctx, tx) {
		for _, tail := range append(besides, "") {
			os.Remove(path + tail)
		}
	}
}

// isEmpty reports whether the file is of ours, and has no run.
func isEmpty(ctx context.Context, tx *sql.Tx) bool {
	version, _, err := identify(ctx, tx)
	if err != nil || version == 0 {
		return err == nil
	}
	var run bool
	err = tx.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM run)").Scan(&run)
	return err == nil && !run
}

// noRoom reports whether the disk has no room: for the file itself, or for the index of its log.
func noRoom(err error) bool {
	var e *driver.Error
	return errors.As(err, &e) && (e.Code() == codes.SQLITE_FULL || e.Code() == codes.SQLITE_IOERR_SHMSIZE)
}
