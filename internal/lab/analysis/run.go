package analysis

import (
	"fmt"
	"os"

	"rtcbench/bench"
	"rtcbench/internal/result"
)

// ReadRun reads what the command in the lab has written.
func ReadRun(path string) (bench.Run, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return bench.Run{}, fmt.Errorf("the result of the run in the lab: %w", err)
	}
	f, err := result.ReadFile(data)
	if err != nil {
		return bench.Run{}, fmt.Errorf("the result of the run in the lab: %w", err)
	}
	return f.Run()
}
