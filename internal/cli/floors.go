package cli

import (
	"encoding/json"
	"os"
	"path/filepath"

	"rtcbench/internal/keep"
	"rtcbench/internal/measure"
)

func floorsFile() (string, error) {
	dir, err := os.UserCacheDir()
	return filepath.Join(dir, "rtcbench", "floors.json"), err
}

// loadFloors is, of the user's cache folder, what was measured so far; nothing when there is none, or none that can be
// read.
func loadFloors() measure.Floors {
	f := measure.Floors{}
	path, err := floorsFile()
	if err != nil {
		return f
	}
	if data, err := os.ReadFile(path); err == nil && json.Unmarshal(data, &f) != nil {
		return measure.Floors{}
	}
	return f
}

// saveFloors keeps the floors and returns where.
func saveFloors(f measure.Floors) (string, error) {
	path, err := floorsFile()
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return "", err
	}
	data, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return "", err
	}
	return path, keep.Replace(path, append(data, '\n'))
}
