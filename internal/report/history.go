package report

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/charmbracelet/lipgloss"

	"rtcbench/bench"
	"rtcbench/internal/result"
)

// History is the runs of a store in a time span, and their sums.
type History struct {
	Store        string
	Since, Until time.Time
	Runs         []bench.Record // the last runs, sorted by their ends
	Courses      []bench.Course // sums of all runs of the span
	Bad          []error        // runs that cannot be read
}

// Parts is how many characters the line of a course has: one for each equal part of the span.
const Parts = 24

// WriteHistoryText writes h for a person, at most 110 columns wide.
func WriteHistoryText(w io.Writer, h History) error {
	p := newPage(lipgloss.NewRenderer(w))
	p.line("%s", p.dim.Render(fmt.Sprintf("%s; %s to %s UTC", Printable(h.Store), minute(h.Since), minute(h.Until))))
	p.runLines(h.Runs)
	p.voices(h.Runs)
	leftOut := p.courses(h.Courses)
	if leftOut > 0 {
		p.line("%s",
			p.warn.Render(fmt.Sprintf("%s left out of these sums; --include-invalid takes %s in.",
				bench.Many(leftOut, "invalid run"), bench.Form(leftOut, "it", "them"))))
	}
	if len(h.Courses) > 0 {
		p.line("\n%s", p.dim.Render("n! = so many doubts, n~ a run that nobody can judge, n? a doubtful one, n✗ an "+
			"invalid one: rtcbench history"))
		p.line("%s", p.dim.Render("RUN shows it. Percentiles of all runs are of merged histograms, exact to three "+
			"digits; never means."))
	}
	for _, err := range h.Bad {
		p.line("%s", p.warn.Render("! "+Printable(err.Error())))
	}
	_, err := io.WriteString(w, p.String())
	return err
}

// runLines writes the table of runs. Turns have no jitter: their table shows how many were answered.
func (p *page) runLines(runs []bench.Record) {
	if len(runs) == 0 {
		return
	}
	of := pingsOf(runs)
	end := func(jitter, loss, turns string) string {
		if of == "turns" {
			return fmt.Sprintf("%13s", turns)
		}
		return fmt.Sprintf("%6s %6s", jitter, loss)
	}
	p.head(fmt.Sprintf("%-11s %-10s %-8s %-7s %-13s %6s %7s %7s %7s %s %-8s", "Runs", "location", "platform", "engine",
		"path", of, "P50 ms", "P95", "P99", end("jitter", "loss %", "no answer %"), "run"))
	for _, r := range runs {
		s := r.Summary
		mark, jitter := "", number(s.Jitter)
		if n := len(s.Doubts); n > 0 || s.Validity.Verdict == bench.Invalid {
			mark = p.verdictStyle(s.Validity.Verdict).
				Render(fmt.Sprintf(" %d%s", n, cmp.Or(verdictMarks[s.Validity.Verdict], "!")))
		}
		if r.Facts.Transport == bench.Turn {
			jitter = number(bench.Quantity{})
		}
		p.line("%-11s %-10s %-8s %-7s %-13s %6d %7s %7s %7s %s %s%s",
			minute(r.End)[5:], cut(bench.SeriesOf(r.Run).Way(), 10), r.Platform, r.Facts.Engine,
			shortWay(r.Facts.Transport, r.Path()), r.Counts.Settled(), number(s.P50), number(s.P95), number(s.P99),
			end(jitter, percent(r.Counts), percent(r.Counts)), ShortID(r.ID), mark)
	}
	if of == "n" {
		p.line("%s", p.dim.Render("Of turns, loss % is how many had no answer."))
	}
}

// courses writes the table of the sums. leftOut is how many runs the sums leave out.
func (p *page) courses(list []bench.Course) (leftOut int) {
	if len(list) == 0 {
		return 0
	}
	loss := "loss %"
	if !slices.ContainsFunc(list, func(c bench.Course) bool { return c.Transport != bench.Turn }) {
		loss = "no answer %"
	}
	p.head(fmt.Sprintf("%-22s %-8s %-8s %-13s %6s %8s %8s %8s %*s", "All runs of that time", "platform", "engine",
		"path", "runs", "P50 ms", "P95", "P99", max(8, len(loss)), loss))
	for _, c := range list {
		leftOut += c.LeftOut
		q := func(q float64) string { d, ok := c.Histogram.Quantile(q); return number(bench.Quantity{D: d, OK: ok}) }
		p.line("%-22s %-8s %-8s %-13s %6d %8s %8s %8s %*s", cut(c.Way(), 22), c.Platform, cut(c.Engine, 8),
			shortWay(c.Transport, c.Path), c.Runs, q(0.5), q(0.95), q(0.99), max(8, len(loss)), percent(c.Counts))
		if line, lo, hi := spark(c.P50); lo.OK && hi.D > lo.D {
			p.line("  %s  %s", p.bar.Render(line),
				p.dim.Render(fmt.Sprintf("P50 from %s to %s", number(lo), number(hi))))
		}
	}
	return leftOut
}

// pingsOf is the word for what runs count: pings, turns, or n for both.
func pingsOf(runs []bench.Record) string {
	turns := 0
	for _, r := range runs {
		if r.Facts.Transport == bench.Turn {
			turns++
		}
	}
	switch turns {
	case 0:
		return "pings"
	case len(runs):
		return "turns"
	}
	return "n"
}

// verdictMarks are the marks behind the number of a run's doubts.
var verdictMarks = map[bench.Verdict]string{bench.Unjudged: "~", bench.Doubtful: "?", bench.Invalid: "✗"}

// ShortID is the end of a run's ID: the part that differs from run to run.
func ShortID(id string) string { return id[max(0, len(id)-8):] }

func minute(t time.Time) string { return t.UTC().Format("2006-01-02 15:04") }

func percent(c bench.Counts) string {
	if c.Answered+c.Failed() == 0 {
		return "–"
	}
	return fmt.Sprintf("%.2f", 100*float64(c.Failed())/float64(c.Settled()))
}

// cut is s on one line, cut or padded to n columns.
func cut(s string, n int) string {
	s = Printable(s)
	if lipgloss.Width(s) <= n {
		return s + fmt.Sprintf("%*s", n-lipgloss.Width(s), "")
	}
	short := ""
	for _, r := range s {
		if lipgloss.Width(short+string(r)) > n-1 {
			break
		}
		short += string(r)
	}
	return short + "…" + fmt.Sprintf("%*s", n-1-lipgloss.Width(short), "")
}

// spark draws values as marks of eight heights, from the least to the greatest; a gap is a space.
func spark(values []bench.Quantity) (line string, lo, hi bench.Quantity) {
	for _, v := range values {
		if v.OK && (!lo.OK || v.D < lo.D) {
			lo = v
		}
		if v.OK && (!hi.OK || v.D > hi.D) {
			hi = v
		}
	}
	for _, v := range values {
		switch {
		case !v.OK:
			line += " "
		case hi.D == lo.D:
			line += "▁"
		default:
			line += string([]rune("▁▂▃▄▅▆▇█")[7*(v.D-lo.D)/(hi.D-lo.D)])
		}
	}
	return line, lo, hi
}

type (
	historyFile struct {
		Store  string       `json:"store"`
		Since  float64      `json:"since"`
		Until  float64      `json:"until"`
		Runs   []historyRun `json:"runs"`
		Series []series     `json:"series"`
		Errors []string     `json:"errors,omitempty"`
	}
	historyRun struct {
		RunID     string         `json:"run_id"`
		EndTime   float64        `json:"end_time"`
		Location  string         `json:"location_id"`
		Platform  string         `json:"platform"`
		Engine    string         `json:"engine"`
		Transport string         `json:"transport_class"`
		Path      string         `json:"path"`       // bench.Path; "" = not known
		EchoPlace string         `json:"echo_place"` // bench.Series.Echo
		Pings     int            `json:"total_messages"`
		P50       *float64       `json:"p50_rtt"`
		P95       *float64       `json:"p95_rtt"`
		P99       *float64       `json:"p99_rtt"`
		Jitter    *float64       `json:"jitter"`
		Loss      *float64       `json:"packet_loss_rate"`
		Ended     bench.Ended    `json:"ended"`
		Validity  bench.Verdict  `json:"validity"`
		Doubts    []result.Doubt `json:"doubts"`
		Voice     *runVoice      `json:"voice,omitempty"`
		Fleet     *bench.Origin  `json:"fleet,omitempty"`

		statistics result.Statistics
	}
	// series holds percentiles of merged histograms: nearest rank, to three digits.
	series struct {
		Location  string     `json:"location_id"`
		Platform  string     `json:"platform"`
		Engine    string     `json:"engine"`
		Transport string     `json:"transport_class"`
		Path      string     `json:"path"`
		EchoPlace string     `json:"echo_place"`
		Runs      int        `json:"runs"`
		LeftOut   int        `json:"runs_left_out"` // invalid ones
		Answered  int        `json:"answered"`
		Failed    int        `json:"failed"`
		NotSent   int        `json:"not_sent"`
		Loss      *float64   `json:"packet_loss_rate"`
		P50       *float64   `json:"p50_rtt"`
		P90       *float64   `json:"p90_rtt"`
		P95       *float64   `json:"p95_rtt"`
		P99       *float64   `json:"p99_rtt"`
		P999      *float64   `json:"p999_rtt"`
		Course    []*float64 `json:"p50_rtt_over_time"`
	}
)

func newHistoryRun(r bench.Record) historyRun {
	t := result.StatisticsOf(r)
	row := historyRun{
		RunID: r.ID, EndTime: unix(r.End), Location: bench.SeriesOf(r.Run).Location, Platform: r.Platform,
		Engine: r.Facts.Engine, Transport: string(r.Facts.Transport), Path: string(r.Path()),
		EchoPlace: bench.SeriesOf(r.Run).Echo,
		Pings:     t.TotalMessages, P50: t.P50RTT, P95: t.P95RTT, P99: t.P99RTT, Jitter: t.Jitter,
		Loss: t.PacketLossRate, Ended: r.Ended, Validity: r.Summary.Validity.Verdict, Doubts: []result.Doubt{},
		statistics: t,
	}
	row.Voice, row.Fleet = newRunVoice(r), r.Fleet
	for _, d := range r.Summary.Doubts {
		row.Doubts = append(row.Doubts, result.Doubt(d))
	}
	return row
}

// WriteHistoryJSON writes h for a program: milliseconds, Unix seconds, null = not known.
func WriteHistoryJSON(w io.Writer, h History) error {
	f := historyFile{Store: h.Store, Since: unix(h.Since), Until: unix(h.Until), Runs: []historyRun{},
		Series: []series{}}
	for _, r := range h.Runs {
		f.Runs = append(f.Runs, newHistoryRun(r))
	}
	for _, c := range h.Courses {
		q := func(q float64) *float64 {
			d, ok := c.Histogram.Quantile(q)
			return quantityMillis(bench.Quantity{D: d, OK: ok})
		}
		s := series{
			Location: c.Location, Platform: c.Platform, Engine: c.Engine, Transport: string(c.Transport),
			Path: string(c.Path), EchoPlace: c.Echo, Runs: c.Runs, LeftOut: c.LeftOut,
			Answered: c.Counts.Answered, Failed: c.Counts.Failed(), NotSent: c.Counts.NotSent, P50: q(0.5), P90: q(0.9),
			P95: q(0.95), P99: q(0.99), P999: q(0.999),
		}
		if n := c.Counts.Settled(); n > 0 {
			loss := float64(c.Counts.Failed()) / float64(n)
			s.Loss = &loss
		}
		for _, v := range c.P50 {
			s.Course = append(s.Course, quantityMillis(v))
		}
		f.Series = append(f.Series, s)
	}
	for _, err := range h.Bad {
		f.Errors = append(f.Errors, err.Error())
	}
	return result.WriteJSON(w, f)
}

// WriteRunsJSON writes runs as WriteHistoryJSON does, and where their list goes on; nil = nowhere.
func WriteRunsJSON(w io.Writer, list []bench.Record, bad []error, next *string) error {
	f := struct {
		Runs   []historyRun `json:"runs"`
		Next   *string      `json:"next"`
		Errors []string     `json:"errors"`
	}{[]historyRun{}, next, []string{}}
	for _, r := range list {
		f.Runs = append(f.Runs, newHistoryRun(r))
	}
	for _, err := range bad {
		f.Errors = append(f.Errors, err.Error())
	}
	return result.WriteJSON(w, f)
}

// inCSV are the statistics in a line of CSV, in the order of their columns.
var inCSV = result.StatisticsNamed("total_messages", "p50_rtt", "p95_rtt", "p99_rtt", "jitter", "packet_loss_rate")

// WriteHistoryCSV writes h as CSV: a line with the names of the columns, then a line for each run.
func WriteHistoryCSV(w io.Writer, h History) error {
	c := csv.NewWriter(w)
	number := func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
	names := []string{"run_id", "end_time", "location_id", "platform", "engine", "transport_class"}
	for _, x := range inCSV {
		names = append(names, x.Key)
	}
	names = append(names, "ended", "doubts", "validity", "path", "echo_place")
	names = append(append(names, voiceColumns...), fleetColumns...)
	for _, x := range bench.CountList {
		names = append(names, x.Key)
	}
	if err := c.Write(names); err != nil {
		return err
	}
	for _, run := range h.Runs {
		r := newHistoryRun(run)
		line := []string{r.RunID, number(r.EndTime), Escaped(r.Location), r.Platform, r.Engine, r.Transport}
		for _, x := range inCSV {
			text := ""
			if v, known := x.In(r.statistics); known {
				text = number(v)
			}
			line = append(line, text)
		}
		line = append(line, string(r.Ended), strconv.Itoa(len(r.Doubts)), string(r.Validity), r.Path,
			Escaped(r.EchoPlace))
		line = append(append(line, r.Voice.cells(number)...), fleetCells(r.Fleet, number)...)
		line = append(line, countCells(run)...)
		if err := c.Write(line); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

// countCells are the counts of a run, in the order of bench.CountList; empty if the run's tool does not report one.
func countCells(run bench.Record) (cells []string) {
	counts := result.CountsOf(run.Run)
	for _, x := range bench.CountList {
		cell := ""
		if counts.Tells(x) {
			cell = strconv.Itoa(*x.Of(&counts.Counts))
		}
		cells = append(cells, cell)
	}
	return cells
}

// quantityMillis is q in milliseconds; nil = q is not known.
func quantityMillis(q bench.Quantity) *float64 {
	if !q.OK {
		return nil
	}
	v := millis(q.D)
	return &v
}

func unix(t time.Time) float64 { return float64(t.UnixMicro()) / 1e6 }
