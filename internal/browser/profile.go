package browser

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

// profile is a browser's folder, chrome-RANDOM in a folder of this user's own, and a lock beside it that
// the system frees when this process ends, however it does: a folder whose lock is free was left behind.
type profile struct {
	dir  string
	lock *flock.Flock
}

const lockSuffix = ".lock"

// profiles is the folder of this user's profiles. It is made if need be, and refused when somebody
// else could have put something there: the folder for temporary files is everybody's.
func profiles() (string, error) {
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("rtcbench-%d", os.Getuid()))
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", fmt.Errorf("make the folder for browser profiles: %w", err)
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return "", err
	}
	if !info.IsDir() || !ours(info) {
		return "", fmt.Errorf("the folder for browser profiles, %s, is not this user's own folder; remove it, or set TMPDIR to another place", dir)
	}
	return dir, nil
}

func newProfile() (*profile, error) {
	parent, err := profiles()
	if err != nil {
		return nil, err
	}
	for {
		dir := filepath.Join(parent, "chrome-"+rand.Text())
		lock := flock.New(dir + lockSuffix)
		locked, err := lock.TryLock()
		if err != nil {
			return nil, fmt.Errorf("lock the browser's profile: %w", err)
		}
		// A sweep may have found the lock between its making and its locking, and taken it away.
		if _, err := os.Stat(lock.Path()); !locked || err != nil {
			lock.Close()
			continue
		}
		p := &profile{dir, lock}
		if err := os.Mkdir(dir, 0o700); err != nil {
			p.remove()
			return nil, err
		}
		return p, nil
	}
}

// sweepProfiles removes what processes left behind that are no more: folders, and browsers that still
// use them. A browser ends with its debugging pipe, so there is one only if it hung.
func sweepProfiles() {
	parent, err := profiles()
	if err != nil {
		return
	}
	locks, _ := filepath.Glob(filepath.Join(parent, "chrome-*"+lockSuffix))
	for _, path := range locks {
		lock := flock.New(path)
		if free, err := lock.TryLock(); err != nil || !free {
			lock.Close()
			continue
		}
		p := &profile{strings.TrimSuffix(path, lockSuffix), lock}
		endUsers(p.dir)
		p.remove()
	}
}

// removePatience is for Chromium's last processes, which may still write to the folder for a moment.
const removePatience = 3 * time.Second

// remove removes the folder, then the lock.
func (p *profile) remove() error {
	if p == nil {
		return nil
	}
	err := os.RemoveAll(p.dir)
	for deadline := time.Now().Add(removePatience); err != nil && time.Now().Before(deadline); err = os.RemoveAll(p.dir) {
		time.Sleep(20 * time.Millisecond)
	}
	if err != nil {
		p.lock.Close() // the next start tries again
		return err
	}
	// Windows removes no open file, and elsewhere a lock that is freed first may be somebody's.
	if err := os.Remove(p.lock.Path()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		p.lock.Close()
		os.Remove(p.lock.Path())
		return nil
	}
	return p.lock.Close()
}

// Profile is the browser's folder, which its processes have in their command lines.
func (b *Browser) Profile() string { return b.profile.dir }
