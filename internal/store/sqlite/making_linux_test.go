package sqlite

import (
	"context"
	"errors"
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

// TestAFailedMakingLeavesNothing: where a full disk keeps a store from being made, neither its files nor its folder
// stay; what was there before does.
func TestAFailedMakingLeavesNothing(t *testing.T) {
	benchtest.NeedsRoot(t, "a store on a full disk leaves nothing")
	for _, kb := range []int{4, 8, 12, 24, 40, 64} {
		dir := t.TempDir()
		if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%dk", kb)); err != nil {
			benchtest.Lacks(t, fmt.Sprintf("a root that may mount: %v", err))
		}
		t.Cleanup(func() {
			if err := syscall.Unmount(dir, 0); err != nil {
				t.Error(err)
			}
		})
		path := filepath.Join(dir, "folder", "runs.db")
		if _, err := Open(t.Context(), path); err == nil || !strings.Contains(err.Error(), "the disk is full") {
			t.Errorf("%d kB: %v", kb, err)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("%d kB: left is %v, %v", kb, left, err)
		}
		path = filepath.Join(dir, "empty.db")
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(t.Context(), path); err == nil {
			t.Errorf("%d kB: there is room in a file that was there", kb)
		}
		if _, err := os.Stat(path); err != nil {
			t.Errorf("%d kB: a file that was there before: %v", kb, err)
		}
	}
}

// TestAnEndedMakingLeavesNothing: nor does somebody who ends the command; a link to where the file was to be stays.
func TestAnEndedMakingLeavesNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	dir := t.TempDir()
	link := filepath.Join(dir, "link.db")
	if err := os.Symlink("target.db", link); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{filepath.Join(dir, "folder", "runs.db"), link} {
		if _, err := Open(ctx, path); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 || left[0].Name() != "link.db" {
		t.Errorf("left is %v, %v", left, err)
	}
}

// TestAStoreThatIsInUseIsNotUnmade: another process may have made the same store, and may have put a run into it.
func TestAStoreThatIsInUseIsNotUnmade(t *testing.T) {
	path := filepath.Join(t.TempDir(), "runs.db")
	s, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	unmake(t.Context(), path)
	if err := s.Save(t.Context(), bench.NewRecord(benchtest.StoredRun(5, time.Now()))); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	unmake(t.Context(), path)
	if s, err = OpenToRead(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for r, err := range s.Runs(t.Context(), bench.Query{}) {
		if err != nil || r.ID == "" {
			t.Errorf("%v, %v", r.ID, err)
		}
		return
	}
	t.Error("the run is gone")
}
