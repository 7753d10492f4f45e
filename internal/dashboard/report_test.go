package dashboard

import (
	"bytes"
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
