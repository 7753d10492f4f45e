package dashboard

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"rtcbench/internal/benchtest"
	"rtcbench/internal/report"
	"rtcbench/web"
)

// TestNoTextOfARunEndsItsElement: whoever mails a report does not mail a script of somebody else's.
func TestNoTextOfARunEndsItsElement(t *testing.T) {
	pages := fstest.MapFS{"report.js": {Data: []byte("1")}, "report.css": {Data: []byte("a{}")}}
	run := benchtest.StoredRun(3, noon)
	run.Location = `</script><script>alert(1)</script><!--`
	r, err := NewReport([]report.Group{{Runs: benchtest.Records(run)}}, "rtcbench", noon)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := r.WriteHTML(&b, pages); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(b.String(), "<script"); n != 2 || strings.Contains(b.String(), "<!--") {
		t.Errorf("%d scripts: %s", n, b.String())
	}
}

// TestAReportOpensWithoutAServer opens reports as files, as whoever gets a mail does: a run, runs of audio and of
// turns, and a comparison. Each is drawn, nothing goes wrong, and nothing is asked of anybody.
func TestAReportOpensWithoutAServer(t *testing.T) {
	pages, err := web.Dashboard()
	if err != nil {
		t.Fatal(err)
	}
	p := opensTab(t)
	all := benchtest.Runs()
	other := benchtest.StoredRun(600, noon)
	for name, sides := range map[string][]report.Group{
		"run":   {{Runs: benchtest.Records(benchtest.Run(600))}},
		"audio": {{Runs: benchtest.Records(all["audio"])}},
		"turns": {{Runs: benchtest.Records(all["turns"])}},
		"both": {{Name: "a", Runs: benchtest.Records(benchtest.Run(600))},
			{Name: "b", Runs: benchtest.Records(other)}},
	} {
		r, err := NewReport(sides, "rtcbench", noon)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := r.WriteHTML(&b, pages); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), name+".html")
		if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		p.open("file://" + file)
		drawn := map[string]string{"run": ".plot canvas", "audio": ".plot canvas", "turns": "svg.turns",
			"both": "svg.forest"}
		p.shows(drawn[name])
		if title := p.shows(".run h2"); !strings.Contains(title, report.ShortID(sides[0].Runs[0].ID)) {
			t.Errorf("%s is called %s", name, title)
		}
		if name == "both" && !strings.Contains(p.shows("main > .says"), "A: a; B: b.") {
			t.Errorf("it does not say which side is which: %s", p.shows("main"))
		}
		if said := p.eval(`document.body.innerText + [...document.querySelectorAll('[aria-label]')]
			.map((e) => e.ariaLabel)`); name == "turns" && strings.Contains(said, "round trip") {
			t.Errorf("a turn has a latency, and no round trip: %s", said)
		}
		p.well("file://" + file)
	}
}

// TestReportsAreSmall: a run of 600 pings fits a mail, and its page needs nothing from elsewhere.
func TestReportsAreSmall(t *testing.T) {
	pages, err := web.Dashboard()
	if err != nil {
		t.Fatal(err)
	}
	list := []report.Group{{Runs: benchtest.Records(benchtest.StoredRun(600, noon))}}
	r, err := NewReport(list, "rtcbench", noon)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := r.WriteHTML(&b, pages); err != nil {
		t.Fatal(err)
	}
	if b.Len() > 500<<10 {
		t.Errorf("a report has %d bytes", b.Len())
	}
	for _, outside := range []string{`src="http`, `href="http`, "@import"} {
		if strings.Contains(b.String(), outside) {
			t.Errorf("a report has %s in it", outside)
		}
	}
}
