package report_test

import (
	"encoding/xml"
	"io"
	"strings"
	"testing"

	"rtcbench/internal/benchtest"
	"rtcbench/internal/report"
)

// TestStrips: a picture of turns is well formed whatever was said, and has each time in which somebody spoke.
func TestStrips(t *testing.T) {
	run := benchtest.Turns()
	run.Turns.Turns[0].Said = `</svg><script>"&`
	var b strings.Builder
	if err := report.Strips(&b, run); err != nil {
		t.Fatal(err)
	}
	spans, titles := 0, 0
	for d := xml.NewDecoder(strings.NewReader(b.String())); ; {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if e, ok := token.(xml.StartElement); ok {
			switch e.Name.Local {
			case "script":
				t.Error("a script is in it")
			case "title":
				titles++
			}
		}
	}
	for _, turn := range run.Turns.Turns {
		spans += len(turn.Caller) + len(turn.Agent)
	}
	if titles != spans+1 || !strings.Contains(b.String(), "812 ms, reply 0.9 s") ||
		!strings.Contains(b.String(), "not measurable") {
		t.Errorf("%d titles for %d spans: %s", titles, spans, b.String())
	}
}
