package cli

import (
	"fmt"

	"rtcbench/bench"
	"rtcbench/internal/commandline/flags"
	"rtcbench/internal/commandline/hints"
	"rtcbench/internal/keep"
	"rtcbench/internal/report"
	"rtcbench/internal/selection"
	"rtcbench/internal/settings"
	"rtcbench/internal/signals"
)

type importCmd struct {
	Files []string `arg:"" name:"file" help:"Result files, also of the original tool, or lines of JSON; - = standard input."`
	flags.StoreGroup
}

// Help is shown by --help below the flags' summary.
func (importCmd) Help() string {
	return `Puts runs from files into every store that is on. A run that is there already stays as it is, so ` +
		`importing twice does no harm; another run with its ID is refused.

It reads result files (--output), those of both, what rtcbench export writes, and files of the original tool; what ` +
		`such a file cannot say is told in a line. They may be packed by gzip, in UTF-16, in an array, or lines of a ` +
		`log. A line that is wrong is named, and the others are imported. What a store does not take now waits in ` +
		`the outbox. The exit code is 4 unless all of it is in the stores.

Example:

  rtcbench import old/*.json week.jsonl --store influxdb`
}

// Run reads all files; a run that cannot be read does not keep the others out.
func (cmd *importCmd) Run(a *app) error {
	c := settings.Check{Sources: a.settings}
	k := cmd.Stores(&c, ours)
	if c.Err != nil {
		return c.Err
	}
	if len(k.Targets) == 0 {
		return usagef("--store none: there is nowhere to put them")
	}
	defer signals.WithLittleMemory()()
	im := k.Importer()
	defer im.Close()
	for i, path := range cmd.Files {
		a.importFile(im, path)
		if a.ctx.Err() == nil && !im.Full {
			continue
		}
		if rest := len(cmd.Files) - i - 1; rest > 0 {
			im.Bad = append(im.Bad, fmt.Errorf("%s %s not read, from %s on", bench.Many(rest, "file"),
				bench.Form(rest, "was", "were"), cmd.Files[i+1]))
		}
		break
	}
	a.tell(im.Older())
	im.Bad = append(im.Bad, im.Failures()...)
	if err := join(hints.ForAll(im.Bad)...); err != nil {
		return exitError{exitNotKept, err}
	}
	return nil
}

// importFile imports one file, and says how many of its runs at least one store now has.
func (a *app) importFile(im *keep.Importer, path string) {
	r, err := selection.Open(path)
	if err != nil {
		im.Bad = append(im.Bad, err)
		return
	}
	defer r.Close()
	done := im.File(a.ctx, path, r)
	for note, runs := range done.Notes {
		fmt.Fprintf(report.Plain{Writer: a.stderr}, "%s: %s: %s\n", path, bench.Many(runs, "run"), note)
	}
	known := ""
	if done.There > 0 {
		known = fmt.Sprintf(", %d of them there already", done.There)
	}
	fmt.Fprintf(report.Plain{Writer: a.stdout}, "%s: %s%s\n", path, bench.Many(done.Kept, "run"), known)
}
