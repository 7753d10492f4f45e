package sqlite_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/store/sqlite"
)

// A store takes records, each once however often it is offered, and gives runs back in the order of their ends.
func ExampleStore() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	store, err := sqlite.Open(ctx, filepath.Join(dir, "runs.db"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer store.Close()
	record := bench.NewRecord(benchtest.Run(20))
	for range 2 {
		if err := store.Save(ctx, record); err != nil {
			fmt.Println(err)
			return
		}
	}
	for run, err := range store.Runs(ctx, bench.Query{Samples: true}) {
		fmt.Println(run.Platform, len(run.Samples), "slots", err)
	}
	// Output: livekit 21 slots <nil>
}
