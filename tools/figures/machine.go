package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"rtcbench/internal/recorder"
)

// quiet says how far a machine let the figures be measured undisturbed.
func quiet(w recorder.Watch) {
	if steal := w.Machine().Steal; steal.OK {
		row("  the machine meanwhile", fmt.Sprintf("%.1f %% stolen", 100*steal.Ratio), "(by its host, of all CPU time)")
	}
}

// syncTime is the median time that one small write takes to reach dir's disk.
func syncTime(dir string) (time.Duration, error) {
	f, err := os.Create(filepath.Join(dir, "sync"))
	if err != nil {
		return 0, err
	}
	defer f.Close()
	var took []time.Duration
	for range 200 {
		begin := time.Now()
		if _, err := f.Write(make([]byte, 4096)); err != nil {
			return 0, err
		}
		if err := f.Sync(); err != nil {
			return 0, err
		}
		took = append(took, time.Since(begin))
	}
	return time.Duration(quantile(took, 0.5) * 1e6), nil
}
