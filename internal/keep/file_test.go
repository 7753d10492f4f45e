package keep

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// TestWhatKilledProcessesLeftBesideAnOutput is removed by the next command that writes there, if it is old and ours.
func TestWhatKilledProcessesLeftBesideAnOutput(t *testing.T) {
	dir := t.TempDir()
	old := time.Now().Add(-2 * abandoned)
	for name, at := range map[string]time.Time{
		".rtcbench-123": old, ".rtcbench-456": time.Now(), ".rtcbench-notes": old, ".rtcbench-": old, "run.json": old,
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	if err := Replace(filepath.Join(dir, "run.json"), []byte("{}")); err != nil {
		t.Fatal(err)
	}
	var left []string
	list, _ := os.ReadDir(dir)
	for _, e := range list {
		left = append(left, e.Name())
	}
	if want := []string{".rtcbench-", ".rtcbench-456", ".rtcbench-notes", "run.json"}; !slices.Equal(left, want) {
		t.Errorf("left are %q, want %q", left, want)
	}
}
