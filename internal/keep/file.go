package keep

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"rtcbench/internal/files"
	"rtcbench/internal/scratch"
)

// Output is where the result file is written.
type Output struct {
	Path   string    // "" = no result file; "-" = Stdout
	Stdout io.Writer // used if Path is "-"
}

// take writes the result file. If that fails, it writes the result to a file in the folder for temporary files.
func (f Output) take(_ context.Context, m Measured, o *Outcome) {
	if f.Path == "" {
		return
	}
	var b bytes.Buffer
	err := m.Write(&b)
	switch {
	case err != nil:
		o.unkept(err)
		return
	case f.Path == "-":
		_, err = f.Stdout.Write(b.Bytes())
	default:
		err = Replace(f.Path, b.Bytes())
	}
	if err == nil {
		o.safe = true
		return
	}
	path, failed := rescue(b.Bytes())
	if o.safe = failed == nil; o.safe {
		o.unkept(fmt.Errorf("write the result to %q: %w; it is in %s", f.Path, err, path))
	} else {
		o.unkept(fmt.Errorf("write the result to %q: %w; the folder for temporary files did not take it either: %w",
			f.Path, err, failed))
	}
}

// rescue writes data to a new file in the folder for temporary files. If it fails, no file is left.
func rescue(data []byte) (path string, err error) {
	f, err := os.CreateTemp("", "rtcbench-*.json")
	if err != nil {
		return "", err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync() // some disks report only here that they are full
	}
	if err = errors.Join(err, f.Close()); err != nil {
		os.Remove(f.Name())
		return "", err
	}
	return f.Name(), nil
}

// Writable is an error if no file can be written at path.
func Writable(path string) error {
	path = files.Target(path)
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return errors.New("is a folder; name a file in it")
	case err == nil && !info.Mode().IsRegular():
		return nil // a pipe or a device is written to directly
	}
	dir := filepath.Dir(path)
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no folder %q; make it first", dir)
	}
	sweep(dir)
	probe, err := os.CreateTemp(dir, begun+"*")
	if err != nil {
		return fmt.Errorf("cannot write in folder %q: %w", dir, errors.Unwrap(err))
	}
	probe.Close()
	return os.Remove(probe.Name())
}

// Replace writes data to path in one step, so nobody sees half a file. A pipe or a device is written to directly.
func Replace(path string, data []byte) error { return ReplaceUntil(context.Background(), path, data) }

// ReplaceUntil is Replace for what can be made again: when ctx ends before the file is whole, the file at path stays,
// and the error is the cause of ctx.
func ReplaceUntil(ctx context.Context, path string, data []byte) error {
	r, err := NewReplacement(ctx, path)
	if err != nil {
		return err
	}
	_, err = r.Write(data)
	return errors.Join(err, r.End(err == nil))
}

// Replacement is a new file that replaces the file at a path when it is complete.
type Replacement struct {
	*os.File
	until    context.Context
	path     string // "" = a pipe or a device, which is written to directly
	mode     fs.FileMode
	unsynced int // bytes
}

// NewReplacement begins a Replacement. The caller ends it with End. Nothing more is written when ctx has ended.
func NewReplacement(ctx context.Context, path string) (*Replacement, error) {
	r := &Replacement{until: ctx, path: files.Target(path), mode: 0o644}
	info, err := os.Stat(r.path)
	if err == nil && !info.Mode().IsRegular() {
		r.path = ""
		r.File, err = os.OpenFile(path, os.O_WRONLY, 0)
		return r, err
	}
	if err == nil {
		r.mode = info.Mode().Perm()
	}
	sweep(filepath.Dir(r.path))
	r.File, err = os.CreateTemp(filepath.Dir(r.path), begun+"*")
	return r, err
}

// syncEvery is after how many bytes a Replacement is synced. A process cannot end while the disk takes what it wrote,
// and a long file that is synced in one step would hold up a signal for seconds.
const syncEvery = 4 << 20

// Write implements io.Writer.
func (r *Replacement) Write(data []byte) (n int, err error) {
	for part := range slices.Chunk(data, syncEvery) {
		if r.until.Err() != nil {
			return n, context.Cause(r.until)
		}
		wrote, err := r.File.Write(part)
		n += wrote
		if r.unsynced += wrote; err == nil && r.path != "" && r.unsynced >= syncEvery {
			r.unsynced, err = 0, r.Sync()
		}
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// begun is the prefix of the names of incomplete files.
const begun = ".rtcbench-"

// abandoned is the age at which an incomplete file counts as left by a process that was killed.
const abandoned = time.Hour

// sweep removes incomplete files of this user that killed processes left in dir. Errors do not matter.
func sweep(dir string) {
	list, _ := os.ReadDir(dir)
	for _, e := range list {
		number, found := strings.CutPrefix(e.Name(), begun)
		if !found || number == "" || strings.Trim(number, "0123456789") != "" { // os.CreateTemp adds a number
			continue
		}
		info, err := e.Info()
		if err == nil && info.Mode().IsRegular() && scratch.Ours(info) && time.Since(info.ModTime()) > abandoned {
			os.Remove(filepath.Join(dir, e.Name()))
		}
	}
}

// End closes the file. With keep, the file replaces the one at the path; otherwise that one stays.
func (r *Replacement) End(keep bool) error {
	if r.path == "" {
		return r.Close()
	}
	var err error
	if keep {
		err = errors.Join(r.Chmod(r.mode), r.Sync())
	}
	if err = errors.Join(err, r.Close()); err == nil && keep {
		err = os.Rename(r.Name(), r.path)
	}
	if err != nil || !keep {
		os.Remove(r.Name())
	}
	return err
}
