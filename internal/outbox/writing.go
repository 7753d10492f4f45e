package outbox

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// unfinished is the prefix of the names of files that are being written.
const unfinished = ".new-"

// batchFrom is the number of files from which one sync of the file system is cheaper than a sync of each file.
const batchFrom = 8

// batch writes files into a folder, each in one step and durably: after a power cut there is the old file or the new
// one.
type batch struct {
	dir    string
	atOnce bool        // one sync for all files
	files  [][2]string // temporary path and final path of each file
}

func newBatch(dir string, many bool) (*batch, error) {
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, err
		}
		if err := syncDir(filepath.Dir(dir)); err != nil { // makes the new folder durable
			return nil, err
		}
	}
	return &batch{dir: dir, atOnce: many && canSyncAll}, nil
}

func (b *batch) add(path string, data []byte) error {
	tmp, err := os.CreateTemp(b.dir, unfinished+"*")
	if err != nil {
		return err
	}
	if _, err = tmp.Write(data); err == nil && !b.atOnce {
		err = tmp.Sync() // synced before the rename, so the final name never has half a file
	}
	if err = errors.Join(err, tmp.Close()); err != nil {
		os.Remove(tmp.Name())
		return err
	}
	b.files = append(b.files, [2]string{tmp.Name(), path})
	return nil
}

// commit renames the files to their final paths. The first n files are in place and durable when it returns.
func (b *batch) commit() (n int, err error) {
	if b.atOnce {
		if err := syncAll(b.dir); err != nil {
			return 0, err
		}
	}
	for _, f := range b.files {
		if err = os.Rename(f[0], f[1]); err != nil {
			break
		}
		n++
	}
	b.files = b.files[n:]
	if n == 0 {
		return 0, err
	}
	if failed := syncDir(b.dir); failed != nil { // without this, a power cut could lose the names, and so the runs
		return 0, errors.Join(err, failed)
	}
	return n, err
}

// drop removes the files that were not committed.
func (b *batch) drop() {
	for _, f := range b.files {
		os.Remove(f[0])
	}
}

// write writes data to path in one step, durably.
func write(path string, data []byte) error {
	b, err := newBatch(filepath.Dir(path), false)
	if err != nil {
		return err
	}
	defer b.drop()
	if err := b.add(path, data); err != nil {
		return err
	}
	_, err = b.commit()
	return err
}

// syncDir makes renames in dir durable, on systems that can sync a folder.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// remove removes a file. It is no error if another process has done so.
func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// move renames a file, durably. It is no error if another process has done so.
func move(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	return errors.Join(syncDir(filepath.Dir(to)), syncDir(filepath.Dir(from)))
}
