package stores

import (
	"context"
	"os"
	"path/filepath"

	"rtcbench/bench"
	"rtcbench/internal/outbox"
	"rtcbench/internal/settings"
	"rtcbench/internal/store/sqlite"
)

// sqliteKind is a file of this machine. It is on unless the disk does not last, as that of a function.
var sqliteKind = kind{"sqlite",
	func(s Setup) bool { return s.Environment.Get("AWS_LAMBDA_RUNTIME_API") == "" }, true,
	Setup.sqlite,
}

func (s Setup) sqlite(c *settings.Check, path string) outbox.Target {
	o := sqlite.Options{Own: path == "", Say: c.Sources.Say, Words: s.Words}
	if path == "" {
		path = filepath.Join(s.dataDir(c), "runs.db")
	}
	if full, err := filepath.Abs(path); err == nil {
		path = full
	}
	switch info, err := os.Stat(path); {
	case err != nil:
	case info.IsDir():
		c.FailAs("store", settings.ShownName("sqlite:"+path), "a file, and that is a folder")
	case !info.Mode().IsRegular(): // a pipe would keep its reader waiting
		c.FailAs("store", settings.ShownName("sqlite:"+path), "a file, and that is a pipe, a socket or a device")
	}
	return outbox.Target{
		Name: sqlite.Name(path), File: path, Like: func(name string) bench.Likeness { return sqlite.Like(path, name) },
		Open: opener(func(ctx context.Context) (*sqlite.Store, error) { return o.Open(ctx, path) }),
		Read: opener(func(ctx context.Context) (*sqlite.Store, error) { return o.OpenToRead(ctx, path) }),
	}
}

// IsFile reports whether path is the file of a store.
func IsFile(path string, s bench.Store) bool { return sqlite.Like(path, s.String()) == bench.Same }
