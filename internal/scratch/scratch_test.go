package scratch

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// TestNoFolderStays: a folder ends with its process, one that a killed process left is removed by the next, and one
// that is in use stays, as does a folder of another kind.
func TestNoFolderStays(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	t.Setenv("TMP", os.Getenv("TMPDIR"))
	mine, err := New("lab")
	if err != nil {
		t.Fatal(err)
	}
	orphan := func(kind string) string { // as a killed process leaves it: a lock that nobody holds
		f, err := New(kind)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(f.Path, "pings.log"), []byte("1\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		f.lock.Close()
		os.WriteFile(f.lock.Path(), nil, 0o600) // some systems take it away
		return f.Path
	}
	dead, other := orphan("lab"), orphan("browser")
	var ended []string
	Sweep("lab", func(dir string) { ended = append(ended, dir) })
	for path, want := range map[string]bool{mine.Path: true, dead: false, dead + lockSuffix: false, other: true} {
		if _, err := os.Stat(path); (err == nil) != want {
			t.Errorf("%s is there: %v, want %v", path, err == nil, want)
		}
	}
	if len(ended) != 1 || ended[0] != dead {
		t.Errorf("who uses %q was ended, want %s alone", ended, dead)
	}
	if err := mine.Remove(); err != nil {
		t.Error(err)
	}
	Sweep("browser", nil)
	if left, err := os.ReadDir(filepath.Dir(mine.Path)); err != nil || len(left) > 0 {
		t.Errorf("%v stays, %v", left, err)
	}
	if err := (*Folder)(nil).Remove(); err != nil {
		t.Error(err)
	}
}

// TestNobodyElsesFolderIsUsed: the folder for temporary files is everybody's, and who can write to our part of it could
// put a program there.
func TestNobodyElsesFolderIsUsed(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // the folder for temporary files is a user's own there
	}
	t.Setenv("TMPDIR", t.TempDir())
	f, err := New("lab")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Remove()
	if info, err := os.Stat(f.Path); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder is %v, %v", info.Mode(), err)
	}
	parent := filepath.Dir(f.Path)
	if err := os.Chmod(parent, 0o777); err != nil {
		t.Fatal(err)
	}
	if f, err := New("lab"); err == nil {
		t.Errorf("%s is where everybody may write", f.Path)
	}
	if err := os.RemoveAll(parent); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(t.TempDir(), parent); err != nil {
		t.Fatal(err)
	}
	if f, err := New("lab"); err == nil {
		t.Errorf("%s is where a link of somebody's points", f.Path)
	}
}
