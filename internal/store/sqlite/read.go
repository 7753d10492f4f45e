package sqlite

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"

	driver "modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"
)

// OpenToRead is Open for who wants to read alone. Where the file or its folder may not be written, as a backup or another user's
// store, it reads all the same; Save is an error then.
func OpenToRead(ctx context.Context, path string) (*Store, error) {
	if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Size() == 0 {
		return nil, fmt.Errorf("store %s is empty: nothing was kept in it yet", path) // Open would make a store of it
	}
	s, err := Open(ctx, path)
	var e *driver.Error
	if err == nil || !errors.As(err, &e) {
		return s, err
	}
	switch e.Code() & 0xff {
	case codes.SQLITE_READONLY, codes.SQLITE_CANTOPEN, codes.SQLITE_PERM:
	default:
		return nil, err
	}
	ways := []url.Values{{"mode": {"ro"}}}
	// Without a writer, and with nothing in the write-ahead log, the file is all there is: sqlite.org/wal.html#read_only_databases.
	if info, gone := os.Stat(path + "-wal"); gone != nil || info.Size() == 0 {
		ways = append(ways, url.Values{"mode": {"ro"}, "immutable": {"1"}})
	}
	for _, way := range ways {
		way["_pragma"] = []string{patience, "query_only(on)"}
		db, openErr := open(path, way, 4)
		if openErr != nil {
			continue
		}
		version, _, openErr := identify(ctx, db)
		switch {
		case openErr != nil:
			db.Close()
			continue
		case version != len(migrations):
			db.Close()
			return nil, fmt.Errorf("store %s has version %d, and cannot be brought to %d where it may not be written: %w", path, version, len(migrations), err)
		}
		return &Store{path: path, read: db}, nil
	}
	return nil, err
}
