package analysis

import (
	"encoding/json"
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
	var f result.File
	if err := json.Unmarshal(data, &f); err != nil {
		return bench.Run{}, fmt.Errorf("the result of the run in the lab: %w", err)
	}
	return f.Run()
}
