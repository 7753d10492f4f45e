package report

import (
	"bytes"
	"strings"
	"testing"

	"github.com/charmbracelet/lipgloss"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
)

// TestMarkedTurns: the figures of the turns that nothing marks stand beside those of all, where there are any. What
// marks a turn stands below it, and no line is wider than a terminal.
func TestMarkedTurns(t *testing.T) {
	for name, sure := range map[string]bool{"turns-marked.txt": true, "turns-all-marked.txt": false} {
		var b bytes.Buffer
		if err := WriteText(&b, bench.NewRecord(benchtest.MarkedTurns(sure))); err != nil {
			t.Fatal(err)
		}
		golden(t, name, b.Bytes())
		if strings.Contains(b.String(), "Without the 3 marked") != sure ||
			strings.Contains(b.String(), "none of these figures is sure") == sure {
			t.Errorf("%s:\n%s", name, b.String())
		}
		for line := range strings.Lines(b.String()) {
			if w := lipgloss.Width(strings.TrimRight(line, "\n")); w > width {
				t.Errorf("%s: %d columns: %s", name, w, line)
			}
		}
	}
}
