// Package scratch is folders for as long as a process lives. One that was left behind by a process that was killed is
// found by its lock, which the system frees, and removed by the next.
package scratch

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// Folder is KIND-RANDOM in a folder of this user's own, and a lock beside it.
type Folder struct {
	Path string
	lock *flock.Flock
}

const lockSuffix = ".lock"

// parent is the folder of this user's folders. It is made if need be, and refused when somebody
// else could have put something there: the folder for temporary files is everybody's.
func parent() (string, error) {
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("rtcbench-%d", os.Getuid()))
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", fmt.Errorf("make a folder for temporary files: %w", err)
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return "", err
	}
	if !info.IsDir() || !Ours(info) {
		return "", fmt.Errorf("the folder for temporary files, %s, is not this user's own folder; remove it, or set "+
			"TMPDIR to another place", dir)
	}
	return dir, nil
}

// New makes a folder, which the caller removes.
func New(kind string) (*Folder, error) {
	parent, err := parent()
	if err != nil {
		return nil, err
	}
	for {
		dir := filepath.Join(parent, kind+"-"+rand.Text())
		lock := flock.New(dir + lockSuffix)
		locked, err := lock.TryLock()
		if err != nil {
			return nil, fmt.Errorf("lock the folder %s: %w", dir, err)
		}
		// A sweep may have found the lock between its making and its locking, and taken it away.
		if _, err := os.Stat(lock.Path()); !locked || err != nil {
			lock.Close()
			continue
		}
		f := &Folder{dir, lock}
		if err := os.Mkdir(dir, 0o700); err != nil {
			f.Remove()
			return nil, err
		}
		return f, nil
	}
}

// Sweep removes the folders of a kind that processes left behind which are no more. Before each it calls end, if not
// nil, to end whoever still uses it.
func Sweep(kind string, end func(dir string)) {
	parent, err := parent()
	if err != nil {
		return
	}
	locks, _ := filepath.Glob(filepath.Join(parent, kind+"-*"+lockSuffix))
	for _, path := range locks {
		lock := flock.New(path)
		if free, err := lock.TryLock(); err != nil || !free {
			lock.Close()
			continue
		}
		f := &Folder{strings.TrimSuffix(path, lockSuffix), lock}
		if end != nil {
			end(f.Path)
		}
		f.Remove()
	}
}

// removePatience is for processes that end and may still write to the folder for a moment.
const removePatience = 3 * time.Second

// Remove removes the folder, then the lock. Of nil there is nothing to remove.
func (f *Folder) Remove() error {
	if f == nil {
		return nil
	}
	err := os.RemoveAll(f.Path)
	for deadline := time.Now().Add(removePatience); err != nil &&
		time.Now().Before(deadline); err = os.RemoveAll(f.Path) {
		time.Sleep(20 * time.Millisecond)
	}
	if err != nil {
		f.lock.Close() // the next start tries again
		return err
	}
	// Windows removes no open file, and elsewhere a lock that is freed first may be somebody's.
	if err := os.Remove(f.lock.Path()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		f.lock.Close()
		os.Remove(f.lock.Path())
		return nil
	}
	return f.lock.Close()
}
