package settings

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// TestReadFile: what is no file of settings, because it is far too long, is not read to its end.
func TestReadFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rtcbench.yaml")
	for size, want := range map[int64]error{0: nil, mostText: nil, mostText + 1: errNoText, 1 << 33: errNoText} {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(path, size); err != nil { // a file with a hole takes no room
			t.Fatal(err)
		}
		data, err := ReadFile(path)
		if !errors.Is(err, want) || want == nil && int64(len(data)) != size {
			t.Errorf("%d bytes: %d were read, %v", size, len(data), err)
		}
	}
	if _, err := ReadFile(path + ".nowhere"); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}
