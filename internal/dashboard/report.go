package dashboard

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"time"

	"rtcbench/internal/report"
)

// Report is the data of a report in one file.
type Report struct {
	Made       string      `json:"made"`
	By         string      `json:"by"` // the name and version of the program
	Runs       []Run       `json:"runs"`
	Comparison *Comparison `json:"comparison"` // of two sides or two runs; null = there are not two
}

// NewReport is a report about the runs of sides. The runs have to have their samples. It compares the two sides, or the
// two runs of a single side.
func NewReport(sides []report.Group, by string, now time.Time) (Report, error) {
	r := Report{Made: now.UTC().Format("2006-01-02 15:04 UTC"), By: by}
	for _, side := range sides {
		for _, run := range side.Runs {
			v, err := NewRun(run)
			if err != nil {
				return r, err
			}
			r.Runs = append(r.Runs, v)
		}
	}
	if len(sides) == 1 && len(r.Runs) == 2 {
		sides = sides[0].Apart()
	}
	if len(sides) == 2 {
		c := newComparison(sides[0], sides[1], report.Against{})
		r.Comparison = &c
	}
	return r, nil
}

// WriteHTML writes r as one HTML page that loads nothing. pages holds the script and the style of the page.
func (r Report) WriteHTML(w io.Writer, pages fs.FS) error {
	script, err := fs.ReadFile(pages, "report.js")
	if err != nil {
		return err
	}
	style, err := fs.ReadFile(pages, "report.css")
	if err != nil {
		return err
	}
	// JSON escapes <, so no text of a run can end the script element around the data. Our own script has no such text
	// either.
	data, err := json.Marshal(r)
	if err != nil {
		return err
	}
	if bytes.Contains(script, []byte("</script")) || bytes.Contains(style, []byte("</style")) {
		return fmt.Errorf("the script or the style of the report cannot stand in a page")
	}
	sum := sha256.Sum256(script)
	_, err = fmt.Fprintf(w, reportFrame, base64.StdEncoding.EncodeToString(sum[:]), style, data, script)
	return err
}

// reportFrame is the frame of the page. Its policy lets the page run its own script and load nothing.
const reportFrame = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; ` +
	`script-src 'sha256-%s'; img-src data: blob:">
<title>rtcbench report</title>
<style>%s</style>
</head>
<body>
<script type="application/json" id="report">%s</script>
<script>%s</script>
</body>
</html>
`
