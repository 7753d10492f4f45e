package sqlite

import (
	"os"
	"path/filepath"
	"testing"

	"rtcbench/bench"
)

// TestALinkLeadsToTheSameStore: it is another spelling of its name.
func TestALinkLeadsToTheSameStore(t *testing.T) {
	dir := t.TempDir()
	if err := os.Symlink(dir, dir+"-link"); err == nil {
		t.Cleanup(func() { os.Remove(dir + "-link") })
		if Like(filepath.Join(dir, "runs.db"), "sqlite:"+dir+"-link/runs.db") != bench.Same {
			t.Error("a link to the folder leads to another store")
		}
	}
}
