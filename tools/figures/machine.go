package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// cpus is how the machine's processors have spent their time so far, in ticks.
type cpus struct{ all, idle, stolen float64 }

// readCPUs reads /proc/stat (proc_stat(5)); elsewhere than on Linux nothing is known.
func readCPUs() (c cpus) {
	data, _ := os.ReadFile("/proc/stat")
	line, _, _ := strings.Cut(string(data), "\n")
	for i, f := range strings.Fields(line) {
		v, _ := strconv.ParseFloat(f, 64)
		if i == 0 || i > 8 { // guests' time is in user's
			continue
		}
		c.all += v
		switch i {
		case 4, 5:
			c.idle += v
		case 8:
			c.stolen = v
		}
	}
	return c
}

// quiet says how far a machine let the figures be measured undisturbed since before.
func quiet(before cpus) {
	now := readCPUs()
	if all := now.all - before.all; all > 0 {
		row("  the machine meanwhile", fmt.Sprintf("%.1f %% stolen", 100*(now.stolen-before.stolen)/all), "(by its host, of all CPU time)")
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
