package keep

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
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

// TestAFileIsThereWhenAllOfItIs: a recording or a picture that cannot be made, or has no room, leaves no part of
// itself, and what was there before stays.
func TestAFileIsThereWhenAllOfItIs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "call.wav")
	if err := os.WriteFile(path, []byte("before"), 0o600); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	err := WriteTo(path, "the recording", func(w io.Writer) error { io.WriteString(w, "half"); return broken })
	if data, _ := os.ReadFile(path); !errors.Is(err, broken) || string(data) != "before" {
		t.Errorf("%v, and the file holds %q", err, data)
	}
	err = WriteTo(path, "the recording", func(w io.Writer) error { _, err := io.WriteString(w, "whole"); return err })
	if data, _ := os.ReadFile(path); err != nil || string(data) != "whole" {
		t.Errorf("%v, and the file holds %q", err, data)
	}
	missing := filepath.Join(path, "nowhere")
	if err := WriteTo(missing, "the recording", func(io.Writer) error { return nil }); err == nil ||
		!strings.HasPrefix(err.Error(), "write the recording: ") {
		t.Error(err)
	}
}
