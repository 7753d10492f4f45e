package progress

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"rtcbench/internal/benchtest"
)

// TestATurnInTheLog: a line says what is known of a turn, and nothing else: one without an answer has no latency, and
// says how long nobody answered. No figure has more digits than it is good for.
func TestATurnInTheLog(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
	run := benchtest.MarkedTurns(true)
	run.Turns.Turns[0].Latency.D += 1234 // ns
	run.Turns.Turns[0].Floor = -67.74848241595473
	for _, one := range run.Turns.Turns {
		LogTurn(log, one)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	for i, want := range []string{"latency=812.5ms speech=1.1s reply=1.64s stalled=1ms uneven=3ms floor_dbfs=-68 ",
		"stalled=133ms uneven=3ms", "uneven=124.4ms", "uneven=119ms", "fate=early latency=-700ms",
		`fate="no answer" waited=15s`} {
		if !strings.Contains(lines[i], want) {
			t.Errorf("%q has not %q", lines[i], want)
		}
	}
	if last := lines[len(lines)-1]; strings.Contains(last, "latency") ||
		!strings.Contains(lines[1], ` why="this process`) {
		t.Error(out.String())
	}
}
