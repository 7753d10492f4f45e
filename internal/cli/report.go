package cli

import (
	"fmt"
	"io"
	"sync"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/archive"
	"rtcbench/internal/commandline/flags"
	"rtcbench/internal/commandline/hints"
	"rtcbench/internal/dashboard"
	"rtcbench/internal/keep"
	"rtcbench/internal/report"
	"rtcbench/internal/selection"
	"rtcbench/internal/settings"
	"rtcbench/web"
)

type reportCmd struct {
	Runs   []string `arg:"" name:"run" help:"The ID of a run in the store, or the beginning or end of it, or a result file, FILE#livekit of what both wrote."`
	Output string   `short:"o" group:"out" default:"report.html" placeholder:"report.html" help:"Where to; - = standard output." completion-predictor:"file"`
	flags.StoreGroup
}

// Help is shown by --help below the flags' summary.
func (reportCmd) Help() string {
	return `Writes runs as one page that can be mailed: every ping, the distribution, percentiles with their ` +
		`intervals, each way by itself, and whatever speaks against the numbers. The page needs no server, loads ` +
		`nothing, and has the runs themselves in it. Two runs are compared, too: B − A.

Examples:

  rtcbench report 3eba4b1c
  rtcbench report before.json after.json -o change.html
  rtcbench report both.json#livekit both.json#daily -o platforms.html`
}

// mostInReport keeps a report readable, and a mail deliverable.
const mostInReport = 20

// Run writes the page.
func (cmd *reportCmd) Run(a *app) error {
	if n := len(cmd.Runs); n > mostInReport {
		return usagef("report: %d runs were named, and a report has room for %d", n, mostInReport)
	}
	pages, err := web.Dashboard()
	if err != nil {
		return err
	}
	if cmd.Output != "-" {
		if err := flags.Writable("--output", cmd.Output); err != nil {
			return err
		}
	}
	var store bench.Store
	open := sync.OnceValues(func() (s bench.Store, err error) {
		store, err = cmd.First(a.ctx, a.settings, ours)
		return store, err
	})
	defer func() {
		if store != nil {
			store.Close()
		}
	}()
	var runs []bench.Record
	for _, name := range cmd.Runs {
		found, err := reported(a, name, archive.Reader{Store: open, File: selection.Open})
		if err != nil {
			return err
		}
		runs = append(runs, found...)
	}
	if n := len(runs); n > mostInReport {
		return usagef("report: the files hold %d runs, and a report has room for %d", n, mostInReport)
	}
	r, err := dashboard.NewReport(runs, cmd.Runs, version().String(), time.Now())
	if err != nil {
		return err
	}
	return cmd.write(a, func(w io.Writer) error { return r.WriteHTML(w, pages) })
}

// reported are the runs that text names, with their samples.
func reported(a *app, text string, from archive.Reader) ([]bench.Record, error) {
	side, err := selection.ParseSide("report", text, time.Now())
	if err != nil {
		return nil, err
	}
	if side.File == "" && side.Part == "" {
		return nil, settings.Usagef("report %s: name one run by its ID; rtcbench history lists them",
			selection.ShownSide(text))
	}
	from.Say = func(note error) {
		fmt.Fprintln(report.Plain{Writer: a.stderr}, hints.Note("report", selection.ShownSide(text), note))
	}
	g, err := side.Group(a.ctx, from, true)
	if err != nil {
		return nil, hints.NoGroup("report", side, err)
	}
	return g.Runs, nil
}

func (cmd *reportCmd) write(a *app, write func(io.Writer) error) error {
	if cmd.Output == "-" {
		return write(a.stdout)
	}
	f, err := keep.NewReplacement(cmd.Output)
	if err != nil {
		return usagef("--output %q: %w", cmd.Output, err)
	}
	err = write(f)
	if err := join(err, f.End(err == nil)); err != nil {
		return fmt.Errorf("write %q: %w", cmd.Output, err)
	}
	fmt.Fprintln(a.stdout, cmd.Output)
	return nil
}
