package cli

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/archive"
	"rtcbench/internal/commandline/flags"
	"rtcbench/internal/commandline/hints"
	"rtcbench/internal/keep"
	"rtcbench/internal/pictures"
	"rtcbench/internal/progress"
	"rtcbench/internal/report"
	"rtcbench/internal/selection"
	"rtcbench/internal/settings"
	"rtcbench/internal/stores"
	"rtcbench/web"
)

type reportCmd struct {
	Runs    []string `arg:"" name:"run" help:"The ID of a run in the store, or the beginning or end of it, or a result file, FILE#livekit of what both wrote."`
	Output  string   `short:"o" group:"out" placeholder:"FILE" help:"Where to, report.html unless told otherwise; - = standard output." completion-predictor:"file"`
	Format  string   `group:"out" enum:"auto,html,svg,png" default:"auto" placeholder:"auto" help:"html (all pictures, with the runs themselves), svg or png (one picture); auto = as FILE ends."`
	Picture string   `group:"out" enum:"auto,overview,histogram,series,percentiles,oneway,jitter-buffer,strips,compare" default:"auto" placeholder:"auto" help:"Which one picture: overview, histogram, series, percentiles, oneway, jitter-buffer (audio), strips (turns) or compare (two runs or more); auto = overview, strips or compare."`
	flags.StoreGroup
}

// Help is shown by --help below the flags' summary.
func (reportCmd) Help() string {
	return `Writes runs as one page that can be mailed: every ping, the distribution, percentiles with their ` +
		`intervals, each way by itself, and whatever speaks against the numbers. The page needs no server, loads ` +
		`nothing, and has the runs themselves in it. Two runs, or two files of runs, are compared, too: B − A.

With --format svg or png, or a FILE that ends so, one picture is written instead, for a slide or a mail. It shows ` +
		`one run, or how each further run differs from the first. A file that is there already is replaced.

Examples:

  rtcbench report 3eba4b1c
  rtcbench report before.json after.json -o change.html
  rtcbench report before.json after.json -o change.png
  rtcbench report both.json#livekit both.json#daily -o platforms.html
  rtcbench report 3eba4b1c --picture series -o run.svg`
}

// mostInReport is the largest number of runs in a report: it keeps the page readable, and a mail with it deliverable.
const mostInReport = 20

// Run writes the page, or the picture.
func (cmd *reportCmd) Run(a *app) error {
	if n := len(cmd.Runs); n > mostInReport {
		return usagef("report: %d runs were named, and a report has room for %d", n, mostInReport)
	}
	order := pictures.Order{Format: strings.TrimPrefix(cmd.Format, "auto"),
		Picture: strings.TrimPrefix(cmd.Picture, "auto"), File: cmd.Output}
	if err := order.Settle(cmd.Runs); err != nil {
		return usagef("report: %w", err)
	}
	if order.File == "-" && order.Format == "png" && progress.IsTerminal(a.stdout) {
		return usagef("--output -: a terminal shows no PNG; name a FILE, or lead standard output elsewhere")
	}
	if order.File != "-" {
		to := flags.File{Flag: "output", Path: order.File, As: []string{order.Format}}
		if err := flags.Writable(&settings.Check{Sources: a.settings}, keep.Stores{}, nil, to); err != nil {
			return err
		}
	}
	var picture bytes.Buffer
	err := a.untilStopped(func() error {
		sides, err := cmd.sides(a)
		if err == nil {
			err = order.Write(&picture, sides, version().String(), web.Dashboard)
		}
		return err
	})
	switch {
	case errors.As(err, new(*pictures.Miscounted)):
		return usagef("report: %w", err)
	case err != nil:
		return err
	case order.File == "-":
		_, err = picture.WriteTo(a.stdout)
		return err
	}
	if err := keep.ReplaceUntil(a.ctx, order.File, picture.Bytes()); err != nil {
		if a.ctx.Err() != nil {
			return a.bySignal()
		}
		return fmt.Errorf("write %s: %w", order.File, err)
	}
	fmt.Fprintln(a.stdout, order.File)
	return nil
}

// sides are the runs that were named on the command line, with their samples: one Group for each name.
func (cmd *reportCmd) sides(a *app) (sides []report.Group, err error) {
	first, end := cmd.Once(a.ctx, a.settings, ours)
	defer end()
	open := func() (bench.Store, error) {
		store, err := first()
		if err == nil && stores.IsFile(cmd.Output, store) {
			err = usagef("--output %q: that is the store itself", cmd.Output)
		}
		return store, err
	}
	n := 0
	for _, name := range cmd.Runs {
		g, err := reported(a, name, archive.Reader{Store: open, File: selection.Open})
		if err != nil {
			return nil, err
		}
		sides, n = append(sides, g), n+len(g.Runs)
	}
	if n > mostInReport {
		return nil, usagef("report: the files hold %d runs, and a report has room for %d", n, mostInReport)
	}
	return sides, nil
}

// reported are the runs that text names, with their samples.
func reported(a *app, text string, from archive.Reader) (g report.Group, err error) {
	side, err := selection.ParseSide("report", text, time.Now())
	if err != nil {
		return g, err
	}
	if side.File == "" && side.Part == "" {
		return g, settings.Usagef("report %s: name one run by its ID; rtcbench history lists them",
			selection.ShownSide(text))
	}
	from.Say = func(note error) {
		fmt.Fprintln(report.Plain{Writer: a.stderr}, hints.Note("report", selection.ShownSide(text), note))
	}
	if g, err = side.Group(a.ctx, from, true); err != nil {
		return g, hints.NoGroup("report", side, err)
	}
	return g, nil
}
