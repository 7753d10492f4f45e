package hub

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"

	"rtcbench/internal/files"
)

// Making is called before anything is put into a hub's folder. If the hub then does not come to serve, undo removes the
// folder and what is in it. A folder that was there before stays as it is, and so does one in which another hub works.
func Making(dir string) (undo func(), err error) {
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		return func() {}, nil
	}
	unmake, err := files.Folder(dir)
	return func() {
		lock := flock.New(filepath.Join(dir, "lock"))
		if locked, err := lock.TryLock(); err == nil && locked {
			os.RemoveAll(dir)
			lock.Unlock()
		}
		unmake()
	}, err
}
