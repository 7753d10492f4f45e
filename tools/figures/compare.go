package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/result"
)

// comparison measures compare on two files of a million pings each.
func comparison(ctx context.Context, binary string) error {
	const pings = 1_000_000
	dir, err := os.MkdirTemp("", "rtcbench-figures-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var paths []string
	var size int64
	for _, name := range []string{"a.json", "b.json"} {
		r := benchtest.Run(pings)
		if name == "b.json" {
			r.ID = "019ab000-0000-7000-8000-000000000002"
		}
		path := filepath.Join(dir, name)
		f, err := os.Create(path)
		if err != nil {
			return err
		}
		if err := result.Write(f, bench.NewRecord(r)); err != nil {
			return err
		}
		info, err := f.Stat()
		if err != nil {
			return err
		}
		size += info.Size()
		if err := f.Close(); err != nil {
			return err
		}
		paths = append(paths, path)
	}
	begin := time.Now()
	cmd := exec.CommandContext(ctx, binary, "compare", paths[0], paths[1], "--include-invalid")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("compare: %w: %s", err, out)
	}
	cpu := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	row(fmt.Sprintf("compare of 2 × %d pings (%d MB of JSON)", pings, size>>20),
		fmt.Sprintf("%.1f s (%.1f s of CPU)", time.Since(begin).Seconds(), cpu.Seconds()), "≤ 10 s")
	return nil
}
