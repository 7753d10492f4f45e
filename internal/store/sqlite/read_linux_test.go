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

// readOnly makes a folder, and gives what makes it one in which nothing may be written: by its mode, or, for root who does not
// mind modes, as a file system of its own.
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
	if err := s.Save(t.Context(), want); err != nil {
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
	if err := s.Save(t.Context(), benchtest.StoredRun(5, time.Now())); err == nil || !strings.Contains(err.Error(), "opened to read") {
		t.Errorf("saved: %v", err)
	}
}
