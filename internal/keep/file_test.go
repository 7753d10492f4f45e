package keep

import (
	"context"
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

// endsAfter is a context that somebody ends while a file is being written.
type endsAfter struct {
	context.Context
	looks int
}

func (e *endsAfter) Err() error {
	if e.looks--; e.looks < 0 {
		return context.Canceled
	}
	return nil
}

// TestALongFileHoldsUpNoSignal: whoever stops a report while its file goes to the disk does not wait for the rest of
// it, and has the file that was there.
func TestALongFileHoldsUpNoSignal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	long := make([]byte, 3*syncEvery)
	err := ReplaceUntil(&endsAfter{context.Background(), 2}, path, long)
	data, _ := os.ReadFile(path)
	left, _ := os.ReadDir(filepath.Dir(path))
	if !errors.Is(err, context.Canceled) || string(data) != "old" || len(left) != 1 {
		t.Errorf("%v; %d bytes are there, and %d files", err, len(data), len(left))
	}
	if err := Replace(path, long); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Size() != int64(len(long)) || info.Mode().Perm() != 0o600 {
		t.Errorf("%+v, %v", info, err)
	}
}
