package influx

import (
	"bytes"
	"encoding/json"
	"testing"
)

// FuzzRow: whatever a server answers is an error or a run.
func FuzzRow(f *testing.F) {
	f.Add([]byte(
		`{"time":1700000000000000000,"run_id":"x","document_pieces":1,"document_000":"{}",`+
			`"histogram_pieces":0,"samples_pieces":1}`), "AQ==")
	f.Add([]byte(`{"time":"x","document_pieces":1e300,"samples_pieces":-1}`), "")
	f.Fuzz(func(t *testing.T, data []byte, samples string) {
		d := json.NewDecoder(bytes.NewReader(data))
		d.UseNumber()
		var r row
		if d.Decode(&r) != nil {
			return
		}
		r.time()
		if run, err := r.run(true, []string{samples}); err == nil && run.Platform == "" {
			t.Error("a run without a platform")
		}
	})
}
