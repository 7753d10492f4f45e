// Package floors keeps what the instrument itself adds on this machine, as rtcbench calibrate has measured it, in the
// user's cache folder.
package floors

import (
	"encoding/json"
	"os"
	"path/filepath"

	"rtcbench/internal/environment"
	"rtcbench/internal/keep"
	"rtcbench/internal/measure"
)

func path(e environment.Environment) (string, error) {
	dir, err := e.CacheFolder()
	return filepath.Join(dir, "floors.json"), err
}

// Load is, of the user's cache folder, what was measured so far; nothing when there is none, or none that can be read.
func Load(e environment.Environment) measure.Floors {
	f := measure.Floors{}
	file, err := path(e)
	if err != nil {
		return f
	}
	if data, err := os.ReadFile(file); err == nil && json.Unmarshal(data, &f) != nil {
		return measure.Floors{}
	}
	return f
}

// Save keeps the floors and returns where.
func Save(e environment.Environment, f measure.Floors) (string, error) {
	file, err := path(e)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return "", err
	}
	data, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return "", err
	}
	return file, keep.Replace(file, append(data, '\n'))
}
