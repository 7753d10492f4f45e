package files

import (
	"os"
	"path/filepath"
	"testing"
)

// TestFormat: a name says what is written, or nothing; what it says is never something else than what is written.
func TestFormat(t *testing.T) {
	sound, picture, result := []string{"wav", "ogg"}, []string{"svg", "png"}, []string{"json"}
	for _, of := range []struct {
		name string
		as   []string
		want string // "" = it is refused
	}{
		{"call.wav", sound, "wav"}, {"CALL.OGG", sound, "ogg"}, {"call.opus", sound, "ogg"}, {"call", sound, "wav"},
		{"call.mp3", sound, ""}, {"call.aiff", sound, ""}, {"call.3gp", sound, ""}, {"call.json", sound, ""},
		{"a.b/call", sound, "wav"}, {"call.2026-11-26", sound, "wav"}, {".call", sound, "wav"}, {"call.", sound, "wav"},
		{"t.svg", picture, "svg"}, {"t.PNG", picture, "png"}, {"t.gif", picture, ""}, {"t.html", picture, ""},
		{"-", picture, "svg"}, {"/dev/null", picture, "svg"},
		{"r.json", result, "json"}, {"r.jsonl", result, "json"}, {"r.txt", result, "json"}, {"r", result, "json"},
		{"r.csv", result, ""}, {"r.json.gz", result, ""}, {"r.html", result, ""}, {"runs.db", result, ""},
	} {
		if got, err := Format(of.name, of.as...); got != of.want || (err == nil) != (of.want != "") {
			t.Errorf("%s as %v: %q, %v, want %q", of.name, of.as, got, err, of.want)
		}
	}
}

// TestSame: one file is one file under every name that it has, also before it is there.
func TestSame(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for _, err := range []error{os.Mkdir("sub", 0o700), os.Symlink("sub", "other"), os.Symlink("sub/new.json", "link"),
		os.WriteFile("there", nil, 0o600), os.Link("there", "hard")} {
		if err != nil {
			t.Fatal(err)
		}
	}
	full := filepath.Join(dir, "sub", "new.json")
	for _, of := range []struct {
		a, b string
		want bool
	}{
		{"sub/new.json", "sub/new.json", true}, {"sub/new.json", "./sub/../sub/new.json", true},
		{"sub/new.json", "other/new.json", true}, {"sub/new.json", "link", true}, {full, "link", true},
		{"there", "hard", true}, {"there", "link", false}, {"sub/new.json", "sub/New.json", false},
		{"/dev/null", "/dev/null", false}, {"none/x", "none/y", false}, {"none/x", "none/./x", true},
	} {
		if Same(of.a, of.b) != of.want || Same(of.b, of.a) != of.want {
			t.Errorf("%s and %s: want %v", of.a, of.b, of.want)
		}
	}
}

// TestFolder: of what was made, the empty folders go again; what was there, or has something in it, stays.
func TestFolder(t *testing.T) {
	dir := t.TempDir()
	there := filepath.Join(dir, "there")
	if err := os.Mkdir(there, 0o700); err != nil {
		t.Fatal(err)
	}
	gone := func(path string) bool {
		_, err := os.Stat(path)
		return os.IsNotExist(err)
	}
	for _, left := range []string{"", "a/file", "a/b/file"} {
		unmake, err := Folder(filepath.Join(there, "a", "b"))
		if err != nil {
			t.Fatal(err)
		}
		if left != "" {
			if err := os.WriteFile(filepath.Join(there, left), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		unmake()
		if gone(there) || gone(filepath.Join(there, "a")) != (left == "") ||
			gone(filepath.Join(there, "a", "b")) != (left != "a/b/file") {
			t.Errorf("with %q in it: the wrong folders stay", left)
		}
	}
	unmake, err := Folder(filepath.Join(there, "a", "file", "c"))
	if unmake(); err == nil || gone(filepath.Join(there, "a", "file")) {
		t.Errorf("below a file: %v", err)
	}
}
