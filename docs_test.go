package main

import (
	"fmt"
	"math"
	"os"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"rtcbench/bench"
)

// TestValidityTable: docs/validity.md has the limits by which runs are judged, and every code of a doubt.
func TestValidityTable(t *testing.T) {
	data, err := os.ReadFile("docs/validity.md")
	if err != nil {
		t.Fatal(err)
	}
	limit := func(v float64, unit string) string {
		switch v {
		case bench.Never:
			return "–"
		case 0:
			return "any"
		}
		return fmt.Sprintf("%g %s", v, unit)
	}
	var want, got [][]string
	for _, c := range bench.Criteria() {
		want = append(want, []string{"`" + c.Code + "`", c.What, limit(c.Doubtful, c.Unit), limit(c.Invalid, c.Unit)})
	}
	listed := map[string]bool{}
	for _, line := range strings.Split(string(data), "\n") {
		cells := strings.Split(strings.Trim(line, "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		if !strings.HasPrefix(line, "| `") {
			continue
		}
		listed[strings.Trim(cells[0], "`")] = true
		if len(cells) == 6 {
			got = append(got, []string{cells[0], cells[1], cells[3], cells[4]})
			if cells[2] == "" || cells[5] == "" {
				t.Errorf("%s: how it is measured, and what to do, is not said", cells[0])
			}
		}
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("docs/validity.md says\n%q\nand runs are judged by\n%q", got, want)
	}
	told := regexp.MustCompile(`(?:\badd\(|Doubt\{(?:Code: )?|"code": )"([a-z-]+)"|SandboxDoubt = "([a-z-]+)"`)
	n := 0
	goFiles(t, func(path, text string) {
		if strings.HasSuffix(path, "_test.go") || strings.Contains(path, "benchtest") {
			return
		}
		for _, m := range told.FindAllStringSubmatch(text, -1) {
			n++
			if code := m[1] + m[2]; !listed[code] {
				t.Errorf("%s tells a doubt %q that docs/validity.md does not know", path, code)
			}
		}
	})
	if n < 12 {
		t.Errorf("%d doubts found in the code", n)
	}
}

// TestWorkedExample computes the figures of docs/methodology.md from the pings that stand there.
func TestWorkedExample(t *testing.T) {
	data, err := os.ReadFile("docs/methodology.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```\n(.*?)```").FindAllStringSubmatch(string(data), -1)
	if len(blocks) != 2 {
		t.Fatalf("%d blocks in docs/methodology.md, want 2", len(blocks))
	}
	run := bench.Run{Plan: bench.Plan{Cooldown: 100 * time.Millisecond, Timeout: 90 * time.Millisecond},
		Clocks: bench.UnknownOffsets}
	for _, line := range strings.Split(strings.TrimSpace(blocks[0][1]), "\n")[1:] {
		f := strings.Fields(line)
		at := func(i int) time.Duration {
			v, err := strconv.ParseFloat(f[i], 64)
			if err != nil {
				t.Fatal(err)
			}
			return time.Duration(math.Round(v * 1e6))
		}
		seq := uint32(len(run.Samples) + 1)
		s := bench.Sample{Seq: seq, Due: run.Plan.Due(seq), Sent: at(1), Outcome: bench.Lost}
		if f[2] != "-" {
			s.RTT, s.Hold, s.Up, s.Stamped, s.Outcome = at(4)-at(1), at(3)-at(2), at(2)-at(1), true, bench.Answered
			if s.RTT > run.Plan.Timeout {
				s.Outcome = bench.Late
			}
		}
		switch s.Outcome {
		case bench.Answered:
			run.Counts.Answered++
		case bench.Late:
			run.Counts.Late++
		default:
			run.Counts.Lost++
		}
		run.Samples = append(run.Samples, s)
	}
	s := bench.Summarise(run)
	ms := func(d time.Duration) float64 { return float64(d) / 1e6 }
	figures := []struct {
		name  string
		value float64
	}{
		{"answered", float64(run.Counts.Answered)},
		{"loss, percent", 100 * s.Loss},
		{"loss interval, percent, from", 100 * s.LossLo},
		{"loss interval, percent, to", 100 * s.LossHi},
		{"mean", ms(s.Mean.D)},
		{"standard deviation", ms(s.StdDev.D)},
		{"P50", ms(s.P50.D)},
		{"P50 interval, from", ms(s.P50CI.Lo)},
		{"P50 interval, to", ms(s.P50CI.Hi)},
		{"P95", ms(s.P95.D)},
		{"jitter (mean |ΔRTT|)", ms(s.Jitter.D)},
		{"jitter, RFC 3550", ms(s.JitterRTP.D)},
		{"ipdv, P50", ms(s.IPDV.P50.D)},
		{"pdv, P95", ms(s.PDV.P95.D)},
		{"timer error, P50", ms(s.TimerError.P50.D)},
		{"hold time, P50", ms(s.Hold.P50.D)},
		{"theta, least", ms(s.OneWay.Offset.Lo)},
		{"theta, greatest", ms(s.OneWay.Offset.Hi)},
		{"theta, estimate", ms(s.OneWay.Offset.Theta)},
		{"half width", ms(s.OneWay.Offset.HalfWidth())},
		{"up, P50", ms(s.OneWay.Up.P50.D)},
		{"down, P50", ms(s.OneWay.Down.P50.D)},
	}
	var want strings.Builder
	for _, f := range figures {
		fmt.Fprintf(&want, "%-30s %9.3f\n", f.name, f.value)
	}
	if got := blocks[1][1]; got != want.String() {
		t.Errorf("docs/methodology.md says\n%sand its pings give\n%s", got, want.String())
	}
}
