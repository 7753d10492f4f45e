package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"time"

	"rtcbench/bench"
)

// floors are what the instrument itself adds on this machine, by platform and engine, as
// rtcbench calibrate has measured them. They are in the user's cache folder.
type floors map[string]floor

type floor struct {
	P50MS   float64   `json:"p50_ms"`
	Pings   int       `json:"pings"`
	At      time.Time `json:"at"`
	Version string    `json:"version"` // of rtcbench
}

func floorKey(platform, engine string) string { return platform + "/" + engine }

func floorsFile() (string, error) {
	dir, err := os.UserCacheDir()
	return filepath.Join(dir, "rtcbench", "floors.json"), err
}

// loadFloors is what was measured so far; nothing when there is none, or none that can be read.
func loadFloors() floors {
	f := floors{}
	path, err := floorsFile()
	if err != nil {
		return f
	}
	if data, err := os.ReadFile(path); err == nil && json.Unmarshal(data, &f) != nil {
		return floors{}
	}
	return f
}

// save keeps the floors and returns where.
func (f floors) save() (string, error) {
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
	return path, replaceFile(path, append(data, '\n'))
}

// put notes the floor of run's engine in it.
func (f floors) put(run *bench.Run) {
	if known, ok := f[floorKey(run.Platform, run.Facts.Engine)]; ok {
		run.Floor = &bench.Floor{RTT: time.Duration(known.P50MS * float64(time.Millisecond)), Age: max(0, time.Since(known.At))}
	}
}
