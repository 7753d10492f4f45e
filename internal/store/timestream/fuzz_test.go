package timestream

import (
	"encoding/json"
	"testing"
)

// FuzzPieces: whatever rows a server gives are an error or a run.
func FuzzPieces(f *testing.F) {
	row := func(fields map[string]string) []byte {
		b, err := json.Marshal([]map[string]string{fields})
		if err != nil {
			f.Fatal(err)
		}
		return b
	}
	f.Add(row(map[string]string{"measure_name": measureRun, columnDocuments: "1", columnHistograms: "0",
		columnSamples: "-1"}))
	f.Add(row(map[string]string{"measure_name": measureDocument, dimPart: "0", columnText: "{}"}))
	f.Add([]byte(`[{"measure_name":""},{}]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var rows []map[string]string
		if json.Unmarshal(data, &rows) != nil {
			return
		}
		p := pieces{id: "x", texts: map[string]map[int]string{}}
		for _, row := range rows {
			p.add(row)
		}
		if run, err := p.run(true); err == nil && run.Platform == "" {
			t.Error("a run without a platform")
		}
	})
}
