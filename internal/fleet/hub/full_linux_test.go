package hub_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"rtcbench/internal/benchtest"
	"rtcbench/internal/fleet"
)

// TestAFullDiskThatHasRoomAgain: the server inside never again writes to a stream after a write that failed. The hub
// makes the stream anew, and keeps runs without being started again. It also starts where less is free than a stream
// may take.
func TestAFullDiskThatHasRoomAgain(t *testing.T) {
	benchtest.NeedsRoot(t, "a hub goes on after its disk was full")
	dir, s := t.TempDir(), &shelf{}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=8m"); err != nil {
		benchtest.Lacks(t, "a root that may mount: "+err.Error())
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	c := start(t, dir, "", s.target())
	f := c.mustJoin("fra-1")
	nc := connect(t, c, f)
	fill := filepath.Join(dir, "fill")
	if err := os.WriteFile(fill, make([]byte, 16<<20), 0o600); err == nil {
		t.Fatal("the disk is not full")
	}
	await(t, "a write that failed", func() bool {
		if err := nc.Publish(fleet.RunSubject("fra-1"), make([]byte, 64<<10)); err != nil {
			t.Fatal(err)
		}
		return strings.Contains(c.said.String(), "no space left on device")
	})
	if err := os.Remove(fill); err != nil {
		t.Fatal(err)
	}
	await(t, "the stream is made anew", func() bool { return strings.Contains(c.said.String(), "was made anew") })
	put(t, f, "fra", time.Now())
	c.run(f)
	await(t, "kept", func() bool { return waiting(t, f) == 0 })
}
