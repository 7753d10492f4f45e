package cli

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/keep"
)

// floors are what the instrument itself adds on this machine, by platform, engine and cooldown, as
// rtcbench calibrate has measured them. They are in the user's cache folder.
type floors map[string]floor

type floor struct {
	P50MS      float64   `json:"p50_ms"`
	CooldownMS float64   `json:"cooldown_ms"`
	Pings      int       `json:"pings"`
	At         time.Time `json:"at"`
	Version    string    `json:"version"` // of rtcbench
}

func floorKey(platform, engine string, cooldown time.Duration) string {
	return fmt.Sprintf("%s/%s/%v", platform, engine, cooldown)
}

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
	return path, keep.Replace(path, append(data, '\n'))
}

// farthest is by how much the cooldown of a floor may differ from that of a run: what nobody touches goes out of the processor's
// caches, so a ping after a long rest is slower than one after a short one (docs/accuracy.md, What a rest costs).
const farthest = 2

// put notes the floor of run's engine in it, of the cooldown that is nearest. None is near enough in the closed loop, which has no cooldown.
func (f floors) put(run *bench.Run) {
	nearest := math.Inf(1)
	for key, known := range f {
		if !strings.HasPrefix(key, run.Platform+"/"+run.Facts.Engine+"/") {
			continue
		}
		ratio := known.CooldownMS * float64(time.Millisecond) / float64(run.Plan.Cooldown)
		if away := max(ratio, 1/ratio); away <= farthest && away < nearest {
			nearest = away
			run.Floor = &bench.Floor{RTT: time.Duration(known.P50MS * float64(time.Millisecond)), Age: max(0, time.Since(known.At))}
		}
	}
}
