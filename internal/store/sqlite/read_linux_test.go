package sqlite

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
)

// readOnly makes a folder, and gives what makes it one in which nothing may be written: by its mode, or, for root who
// does not mind modes, as a file system of its own.
func readOnly(t *testing.T) (dir string, lock func()) {
	t.Helper()
	dir = t.TempDir()
	if os.Geteuid() != 0 {
		t.Cleanup(func() { os.Chmod(dir, 0o700) })
		return dir, func() {
			if err := os.Chmod(dir, 0o500); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(filepath.Join(dir, "runs.db"), 0o400); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=4m"); err != nil {
		benchtest.Lacks(t, fmt.Sprintf("a root that may mount: %v", err))
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	return dir, func() {
		if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
			t.Fatal(err)
		}
	}
}

func TestReadWhereNothingMayBeWritten(t *testing.T) {
	dir, lock := readOnly(t)
	path := filepath.Join(dir, "runs.db")
	s, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	want := benchtest.StoredRun(5, time.Now())
	if err := s.Save(t.Context(), bench.NewRecord(want)); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	lock()
	if s, err := Open(t.Context(), path); err == nil || !strings.Contains(err.Error(), "cannot be written") {
		s.Close()
		t.Fatalf("opened to write: %v", err)
	}
	if s, err = OpenToRead(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() }) // before it is unmounted
	n := 0
	for r, err := range s.Runs(t.Context(), bench.Query{Samples: true}) {
		if n++; err != nil || r.ID != want.ID || len(r.Samples) != len(want.Samples) {
			t.Errorf("%v, %v", r.ID, err)
		}
	}
	sums, err := s.Aggregate(t.Context(), bench.Query{})
	if n != 1 || err != nil || len(sums) != 1 || sums[0].Runs != 1 {
		t.Errorf("%d runs; sums %v, %v", n, sums, err)
	}
	if err := s.Save(t.Context(), bench.NewRecord(benchtest.StoredRun(5, time.Now()))); err == nil ||
		!strings.Contains(err.Error(), "opened to read") {
		t.Errorf("saved: %v", err)
	}
}

// A disk that is full, or a file that nobody may write, keeps nobody from reading; also after a process was killed.
func TestReadFromAFullDisk(t *testing.T) {
	benchtest.NeedsRoot(t, "a store on a full disk can be read")
	for name, tails := range map[string][]string{"closed": {""}, "killed": {"", "-wal", "-shm"}} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=1m"); err != nil {
				benchtest.Lacks(t, fmt.Sprintf("a root that may mount: %v", err))
			}
			t.Cleanup(func() {
				if err := syscall.Unmount(dir, 0); err != nil {
					t.Error(err)
				}
			})
			path := filepath.Join(t.TempDir(), "runs.db")
			w := opened(t, path)
			if err := w.Save(t.Context(), bench.NewRecord(benchtest.StoredRun(5, time.Now()))); err != nil {
				t.Fatal(err)
			}
			if name == "closed" {
				w.Close()
			}
			for _, tail := range tails {
				data, err := os.ReadFile(path + tail)
				if err == nil {
					err = os.WriteFile(filepath.Join(dir, "runs.db"+tail), data, 0o600)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			junk, err := os.Create(filepath.Join(dir, "junk"))
			if err != nil {
				t.Fatal(err)
			}
			for err == nil {
				_, err = junk.Write(make([]byte, 4096))
			}
			junk.Close()
			t.Setenv("TMPDIR", dir) // no room there either
			before := contents(t, dir)
			s, err := OpenToRead(t.Context(), filepath.Join(dir, "runs.db"))
			if err != nil {
				t.Fatal(err)
			}
			if got, errs := read(t.Context(), s, bench.Query{Samples: true}); len(got) != 1 || len(errs) > 0 {
				t.Errorf("%v, %v", got, errs)
			}
			if _, err := s.Aggregate(t.Context(), bench.Query{}); err != nil {
				t.Error(err)
			}
			if err := s.Close(); err != nil || contents(t, dir) != before {
				t.Errorf("closed: %v; the folder was\n%sand is\n%s", err, before, contents(t, dir))
			}
		})
	}
}
