package main

import (
	"os"
	"strings"
	"testing"

	"rtcbench/internal/lab/analysis"
)

// The page that is in docs has each line of text that the template has now, in the same order: whoever changes a
// sentence of one changes that of the other.
func TestDocsHaveTheTemplatesText(t *testing.T) {
	data, err := os.ReadFile("../../docs/accuracy.md")
	if err != nil {
		t.Fatal(err)
	}
	rest := string(data)
	for line := range strings.Lines(pageText) {
		if strings.Contains(line, "{{") {
			continue
		}
		_, after, found := strings.Cut(rest, line)
		if !found {
			t.Fatalf("docs/accuracy.md does not have %q where the template has it", line)
		}
		rest = after
	}
}

// kept is a run whose P99 was wrong by so much.
func kept(engine, channel string, p99 float64) outcome {
	return outcome{Scenario: "regional", Engine: engine, Channel: channel, Alternating: true,
		Report: analysis.Report{Residuals: &analysis.Residuals{Floors: []analysis.Error{{}},
			Errors: []analysis.Error{{What: "round trip P99", Error: p99}}}}}
}

// A page without what is optional has no heading of it; one with it has.
func TestPage(t *testing.T) {
	run := outcome{Scenario: floorName, Engine: "native", Channel: "lossy", Report: analysis.Report{
		Errors: []analysis.Error{{What: "round trip P50", Error: 1.25}}}}
	for name, c := range map[string]struct {
		a         answers
		has, lack string
	}{
		"bare": {answers{Outcomes: []outcome{run}}, "| native | lossy | 1.25 |", "For want of time"},
		"rests": {answers{Rests: []outcome{run}, Skipped: []string{"router", "statistics"}},
			"For want of time this page is without: router, statistics.\n", "The router alone"},
		"audio": {answers{Outcomes: []outcome{
			{Scenario: "regional", Engine: "native", Channel: "audio", Report: analysis.Report{Matched: 299, Pings: 300,
				Loss: analysis.Loss{Up: 2, Down: 1, Router: &analysis.Dropped{Up: 2, Down: 1}}}},
			{Scenario: "lossy-wifi", Engine: "native", Channel: "audio", Report: analysis.Report{Matched: 9, Pings: 10,
				Hops: []analysis.Hop{{Lost: 1}, {}, {}, {}},
				Loss: analysis.Loss{Up: 2, Router: &analysis.Dropped{Up: 1, Wrong: 1}}}},
		}}, "where none is lost | ≥ 99.9 % | 299 of 300 | |\n" +
			"| native | audio | loss up and down as the router's | exact | 1 of 2 | 2 pings |\n",
			"| browser | audio |"},
		"channel by channel": {answers{Alternating: []outcome{
			kept("browser", "audio", 5), kept("native", "audio", 0.2), kept("browser", "reliable", 3.5),
			kept("native", "lossy", -0.9)}},
			"| native | lossy | round trip P99 | ± 1 | 1 of 1 | -0.90 (regional) |\n" +
				"| native | audio | round trip P99 | ± 1 | 1 of 1 | +0.20 (regional) |\n" +
				"| browser | reliable | round trip P99 | ± 4 | 1 of 1 | +3.50 (regional) |\n" +
				"| browser | audio | round trip P99 | ± 4 | 0 of 1 | +5.00 (regional) |\n",
			"| browser | lossy |"},
		"router": {answers{Router: &precision{PerSecond: 2000, P50: 2, P99: 31, Max: 3279, Packets: 20001}},
			"without a real-time priority: late by 2 µs at the\nmedian, 31 µs at P99", "What a rest costs"},
		"tallies": {answers{Tallies: &[]tally{{What: "taught", Beside: true, Of: 3}, {What: "promised", Of: 2}}},
			"| 0 of 3 | 0 | taught |  |\n", "Pairs of equal runs"},
		"pairs": {answers{Outcomes: []outcome{run}, Pairs: []pair{{Engine: "native", Differ: true}}},
			"round trip was from 1.25 to 1.25 ms.", "How small a difference"},
	} {
		t.Run(name, func(t *testing.T) {
			var b strings.Builder
			if err := c.a.page(&b, "accuracy"); err != nil {
				t.Fatal(err)
			}
			if page := b.String(); !strings.Contains(page, c.has) || strings.Contains(page, c.lack) {
				t.Errorf("the page lacks %q, or has %q:\n%s", c.has, c.lack, page)
			}
		})
	}
}

// The picture has a mark in each panel for each run whose answer is known, within the panel also where it is far off.
func TestPlot(t *testing.T) {
	run := func(engine, channel string, p50, p99 float64) outcome {
		return outcome{Scenario: "regional", Engine: engine, Channel: channel, Alternating: true,
			Report: analysis.Report{Residuals: &analysis.Residuals{Errors: []analysis.Error{
				{What: "round trip P50", Injected: 40, Error: p50, CI: [2]float64{p50 - 1, p50 + 1}},
				{What: "round trip P99", Injected: 90, Error: p99, CI: [2]float64{p99 - 3, p99 + 3}}}}}}
	}
	var b strings.Builder
	a := answers{Alternating: []outcome{run("native", "reliable", 0.1, -500), run("browser", "lossy", -2, 500),
		run("native", "audio", 0, 1)}}
	if err := a.plot().WriteSVG(&b); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(b.String(), `class="mark"`); n != 3+2*3 { // the legend names what the picture has
		t.Errorf("%d marks, want 3 in the legend and 6", n)
	}
	for _, text := range []string{"error of P50, ms", "error of P99, ms", "injected round trip P50, ms",
		"browser, lossy"} {
		if !strings.Contains(b.String(), ">"+text+"<") {
			t.Errorf("the picture does not say %q", text)
		}
	}
	if strings.Contains(b.String(), "NaN") || strings.Contains(b.String(), `height="0"`) {
		t.Errorf("%.300s", b.String())
	}
}
