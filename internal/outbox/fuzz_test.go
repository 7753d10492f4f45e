package outbox

import (
	"os"
	"path/filepath"
	"testing"
)

// FuzzFile: whatever stands in a file of the outbox, it is listed, and read or set aside; nothing panics.
func FuzzFile(f *testing.F) {
	f.Add([]byte(
		`{"outbox":1,"run_id":"019ab000-0000-7000-8000-000000000001","ended":1700000000,"stores":{"a":{}},"run":{}}`),
		"x")
	f.Add([]byte(`{"outbox":2,"run":{"metadata":{"run_id":"x","end_time":1e300}}`),
		"y_for-0011_size-9999999999999999999")
	f.Add([]byte(`{"outbox":99}`), "")
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, data []byte, name string) {
		if name != filepath.Base(name) || len(name) > 100 {
			return
		}
		path := filepath.Join(dir, name+".json")
		if os.WriteFile(path, data, 0o600) != nil {
			return // no name that the system takes
		}
		defer os.Remove(path)
		newItem(path)
		_, err := read(path)
		if _, _, headErr := readHead(path, true); err == nil && headErr != nil {
			t.Errorf("its head cannot be read, and all of it can: %v", headErr)
		}
		if _, err := Open(dir, 1<<20).Waiting(); err != nil {
			t.Error(err)
		}
	})
}
