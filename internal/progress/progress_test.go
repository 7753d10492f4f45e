package progress

import (
	"bytes"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"rtcbench/bench"
)

// TestABarSaysHowManyFailed: who watches a run sees the latest round trip and how many pings failed. A ping that was
// lost and comes late is one failure, what never left is none, and nothing of the bar stays before the table.
func TestABarSaysHowManyFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // a bar is drawn every 50 ms at most
		var screen bytes.Buffer
		on, end := Pings(&screen, 3)
		if !strings.Contains(screen.String(), "warming up") {
			t.Errorf("at first %q", screen.String())
		}
		for _, s := range []bench.Sample{
			{Seq: 1, Outcome: bench.Answered, RTT: 12_340_000},
			{Seq: 2, Outcome: bench.Lost},
			{Seq: 3, Outcome: bench.NotSent},
			{Seq: 2, Outcome: bench.Late, RTT: 6e9},
			{Seq: 4, Outcome: bench.Answered, RTT: 5_670_000},
		} {
			time.Sleep(time.Second)
			on(s)
		}
		if text := screen.String(); !strings.Contains(text, "12.34 ms, 0 failed") ||
			!strings.Contains(text, "5.67 ms, 1 failed") || strings.Contains(text, "2 failed") {
			t.Errorf("%q", text)
		}
		end()
		if line := screen.String()[strings.LastIndexByte(screen.String(), '\r')+1:]; strings.TrimSpace(line) != "" {
			t.Errorf("%q stays", line)
		}
	})
}

// TestALogHasALineForEachPing: --verbose says what became of each, and why one did not leave.
func TestALogHasALineForEachPing(t *testing.T) {
	var log bytes.Buffer
	on := Log(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	on(bench.Sample{Seq: 1, Outcome: bench.Answered, RTT: time.Millisecond})
	on(bench.Sample{Seq: 2, Outcome: bench.NotSent, Reason: bench.Stalled})
	lines := strings.SplitAfter(log.String(), "\n")
	if len(lines) != 3 || !strings.Contains(lines[0], "seq=1 outcome=answered rtt=1ms") ||
		!strings.Contains(lines[1], "seq=2 outcome=not_sent reason="+bench.Stalled.String()) {
		t.Errorf("%q", log.String())
	}
}

// TestWorkIsShownToWhoLooks: small files and a log file get no bar. What is shown goes when something else is to be
// said, and comes again with the next step, until the end.
func TestWorkIsShownToWhoLooks(t *testing.T) {
	var screen bytes.Buffer
	if IsTerminal(&screen) {
		t.Error("a buffer is a terminal")
	}
	large := filepath.Join(t.TempDir(), "large.json")
	if err := os.WriteFile(large, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(large, worthABar+1); err != nil {
		t.Fatal(err)
	}
	nobody := Reading(&screen, large)
	read, err := io.ReadAll(nobody.Count(io.NopCloser(strings.NewReader("{}"))))
	nobody.Step(1, 2)
	nobody.End()
	if screen.Len() > 0 || string(read) != "{}" || err != nil {
		t.Errorf("%q on what is no terminal; %q, %v was read", screen.String(), read, err)
	}
	shown := &Work{w: &screen}
	defer shown.End()
	shown.Step(1, 2)
	if !strings.Contains(screen.String(), "comparing") {
		t.Errorf("%q", screen.String())
	}
	shown.End()
	screen.Reset()
	shown.Step(2, 2)
	if screen.Len() > 0 {
		t.Errorf("%q after the end", screen.String())
	}
}
