package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rtcbench/internal/benchtest"
	"rtcbench/internal/lab/analysis"
)

// turnsInLab calls the lab's own agent through a scenario, and gives what the lab says of it.
func turnsInLab(t *testing.T, scenario, platform, turns string, flags ...string) analysis.Turns {
	t.Helper()
	cmd, out, dir := inLab(t, append([]string{"--report", "lab.json", scenario, "--", "turn", platform, "--turns",
		turns, "--say", "stop", "--rest", "400ms", "--greeting", "60s", "--timeout", "60s", "--connect-timeout", "60s"},
		flags...)...)
	// What the user's own variables name is not called.
	cmd.Env = append(cmd.Env, "DAILY_ROOM_URL=https://mine.daily.co/room", "RTCBENCH_DAILY_TOKEN=mine",
		"RTCBENCH_TURN_START_URL=https://mine.example/start")
	err := os.WriteFile(filepath.Join(dir, ".env"), []byte("RTCBENCH_TURN_AGENT=mine\n"), 0o600)
	if err == nil {
		err = cmd.Run()
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	data, err := os.ReadFile(filepath.Join(dir, "lab.json"))
	var report analysis.Report
	if err == nil {
		err = json.Unmarshal(data, &report)
	}
	if err != nil || report.Turns == nil {
		t.Fatalf("%v, %+v\n%s", err, report, out)
	}
	t.Log(out)
	if text := out.String(); strings.Contains(text, "may cost money") ||
		!strings.Contains(text, "answered turns were matched") {
		t.Errorf("%s", text)
	}
	return *report.Turns
}

// TestTurnsInTheLab: what a turn takes through a network is what the agent wrote down, and what the router did to the
// two packets that count. No machine is so busy that it is less.
func TestTurnsInTheLab(t *testing.T) {
	t.Parallel()
	turns, long := "2", os.Getenv("RTCBENCH_LONG") != ""
	if long {
		turns = "30"
	}
	for scenario, least := range map[string]float64{"transatlantic": 43.45, "lossy-wifi": 6.5} { // ms, one way
		t.Run(scenario, func(t *testing.T) {
			benchtest.Beside(t, benchtest.WithBrowser)
			of := turnsInLab(t, scenario, "livekit", turns, "--delay", "700ms")
			if of.Matched == 0 || of.Matched != len(of.Samples) || of.Error[1] == nil {
				t.Fatalf("%+v", of)
			}
			for _, s := range of.Samples {
				if s.Up < least-0.1 || s.Down < least-0.1 || s.Error < -5 || s.Agent < 700 {
					t.Errorf("%+v", s)
				}
			}
			// A machine that is busy adds time of its own; the figure is of one that runs nothing else.
			if off := time.Duration(*of.Error[1] * float64(time.Millisecond)); long && off > 5*time.Millisecond {
				t.Errorf("the median turn is off by %v", off)
			}
		})
	}
}

// TestTurnsOfDailyInTheLab: turn daily goes through a network, too: both sides by pages with Daily's own library, a
// stand-in for its cloud between them.
func TestTurnsOfDailyInTheLab(t *testing.T) {
	benchtest.Beside(t, benchtest.WithBrowser)
	of := turnsInLab(t, "transatlantic", "daily", "2")
	if of.Matched == 0 || of.Matched != len(of.Samples) {
		t.Fatalf("%+v", of)
	}
	for _, s := range of.Samples {
		if s.Up < 43.3 || s.Down < 43.3 || s.Error < -5 || s.Agent < 800 {
			t.Errorf("%+v", s)
		}
	}
}
