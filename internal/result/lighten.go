package result

import (
	"bytes"
	"encoding/json"
	"fmt"

	"rtcbench/bench"
)

// Lighten removes the pings from a result file that has more than limit bytes, and adds why to its doubts. The file may
// also be of two platforms.
func Lighten(file []byte, limit int, why bench.Doubt) ([]byte, error) {
	if len(file) <= limit {
		return file, nil
	}
	var keys map[string]any
	decoder := json.NewDecoder(bytes.NewReader(file))
	decoder.UseNumber()
	if err := decoder.Decode(&keys); err != nil {
		return nil, fmt.Errorf("the result: %w", err)
	}
	lighten(keys, why)
	for _, side := range Platforms {
		if part, ok := keys[side].(map[string]any); ok {
			lighten(part, why)
		}
	}
	return json.Marshal(keys)
}

func lighten(file map[string]any, why bench.Doubt) {
	details, ok := file["details"].(map[string]any)
	if !ok {
		return
	}
	file["measurements"] = []any{}
	details["late_rtt_ms"] = []any{}
	delete(details, "samples")
	list, _ := details["doubts"].([]any)
	details["doubts"] = append(list, Doubt(why))
}
