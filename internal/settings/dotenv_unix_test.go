//go:build unix

package settings

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// What stands at .env may be no file of settings at all, and somebody else's. It stops no command and keeps none
// waiting: one line says that it is left out, however many settings are looked for, and none does where it can hold no
// settings.
func TestNoDotEnvFile(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.WriteFile(at("large"), bytes.Repeat([]byte("A=1\n"), 1<<19), 0o600))
	must(os.Symlink(at("link"), at("link")))
	must(syscall.Mkfifo(at("pipe"), 0o600))
	must(os.Symlink(at("pipe"), at("to-pipe")))
	must(os.WriteFile(at("file"), []byte("A=1\n"), 0o600))
	t.Chdir(dir) // the name of a socket is short
	l, err := net.Listen("unix", "socket")
	must(err)
	defer l.Close()
	for path, said := range map[string]string{
		dir: "", os.DevNull: "", "/dev/zero": "", "/dev/tty": "", at("none"): "", at("file/below"): "",
		at("large"):   at("large") + " has more than 1024 KB, as no file of settings has: ",
		at("pipe"):    at("pipe") + " is no regular file: ",
		at("to-pipe"): at("to-pipe") + " is no regular file: ",
		at("socket"):  at("socket") + " is no regular file: ",
		at("link"):    at("link") + " cannot be read (too many levels of symbolic links): ",
	} {
		var lines []string
		s := New(func(string) (string, bool) { return "", false }, path)
		s.Talk = func(line string) { lines = append(lines, line) }
		for _, name := range []string{"A", "B"} {
			if v, src, err := s.Find(name); v != "" || src.Rank != ByDefault || err != nil {
				t.Errorf("%s: %q, %v, %v", path, v, src, err)
			}
		}
		switch {
		case said == "" && len(lines) == 0:
		case said != "" && len(lines) == 1 && strings.HasPrefix(lines[0], said):
		default:
			t.Errorf("%s: %q, want %q", path, lines, said)
		}
	}
	s := New(func(string) (string, bool) { return "2", true }, at("pipe"))
	s.Talk = func(line string) { t.Errorf("said though nothing was looked for there: %s", line) }
	if v, _, err := s.Find("A"); v != "2" || err != nil {
		t.Errorf("%q, %v", v, err)
	}
}
