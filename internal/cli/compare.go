package cli

import (
	"fmt"
	"io"
	"time"

	"rtcbench/internal/archive"
	"rtcbench/internal/commandline/flags"
	"rtcbench/internal/commandline/hints"
	"rtcbench/internal/progress"
	"rtcbench/internal/report"
	"rtcbench/internal/result"
	"rtcbench/internal/selection"
	"rtcbench/internal/settings"
)

type compareCmd struct {
	A string `arg:"" help:"What to compare with: a file, FILE#FILTER, a run's ID, or a filter." completion-predictor:"file"`
	B string `arg:"" help:"What to hold against it." completion-predictor:"file"`

	Unlike bool   `group:"what" help:"Compare although the messages went by unlike transport classes or paths."`
	Margin string `group:"what" default:"5" placeholder:"5" help:"Percent of A's P50; a smaller difference does not matter."`
	Format string `group:"out" enum:"text,json" default:"text" placeholder:"text" help:"text or json."`
	flags.GateGroup
	flags.IncludeGroup
	flags.StoreGroup
}

// Help is shown by --help below the flags' summary.
func (compareCmd) Help() string {
	return `A and B each name one run or many:

  result.json                 a file: of livekit, daily or both, of the original tool, or lines of them
  both.json#livekit           some runs of a file, by a filter
  3eba4b1c                    a run in the store, by its ID, or the beginning or end of it
  platform=livekit,since=24h  runs in the store, by a filter

A filter is KEY=VALUE,KEY=VALUE with the filters of history: platform, location, engine, transport, path, since, ` +
		`until. The names of platforms and engines, and the ID of a run, need no key.

One run against one is compared by its pings (block bootstrap); many by the medians of the runs (rank test), which ` +
		`needs at least four on each side. Differences are B − A. Invalid runs among many are left out, and counted; ` +
		`a single one that is named is compared, with a warning.

Examples:

  rtcbench compare before.json after.json
      two runs

  rtcbench compare both.json#livekit both.json#daily --unlike
      what both measured, a WebSocket against a data channel

  rtcbench compare platform=livekit,location=fra,engine=native,since=14d,until=7d ` +
		`platform=livekit,location=fra,engine=native,since=7d
      last week against the one before

  rtcbench compare baseline.json now.json --fail-if-slower 10 --fail-if-lossier 1 --format json
      in a pipeline: exit code 3 when it became slower by more than 10 %, or loses more by 1 point, beyond doubt

A limit that could not be decided exits with 3 too, and says why: nothing was answered, runs are too few, a run is ` +
		`invalid. --allow-undecided lets that pass. For --fail-if-slower a lost ping is slower than any.`
}

// Run compares B with A.
func (cmd *compareCmd) Run(a *app) error {
	c := settings.Check{Sources: a.settings}
	margin, _ := c.Limit("margin", cmd.Margin, 1000)
	by := report.Against{Margin: margin, Invalid: cmd.IncludeInvalid}
	cmd.GateGroup.Read(&c, &by)
	c.Given(map[string]string{"margin": cmd.Margin})
	if c.Err != nil {
		return c.Err
	}
	if cmd.A == "-" && cmd.B == "-" {
		return usagef("compare - -: standard input can be one side only")
	}
	var operands [2]archive.Side
	for i, text := range []string{cmd.A, cmd.B} {
		var err error
		if operands[i], err = selection.ParseSide("compare", text, time.Now()); err != nil {
			return err
		}
	}
	bar := progress.Reading(a.stderr, operands[0].File, operands[1].File)
	defer bar.End()
	by.Step = bar.Step
	var comparison report.Groups
	err := a.untilStopped(func() (err error) {
		comparison, err = cmd.compare(a, operands, bar, by)
		return err
	})
	bar.End()
	if err != nil {
		return err
	}
	if c := comparison; !c.Alike && !cmd.Unlike {
		return usagef("%s: these are %s; choose runs of one with a filter (transport=…, path=…), or compare all the "+
			"same with --unlike",
			c.Paths(), c.Unlike())
	}
	return cmd.tell(a, comparison)
}

// compare reads the runs of both sides, and compares them.
func (cmd *compareCmd) compare(a *app, operands [2]archive.Side, bar *progress.Work,
	by report.Against) (c report.Groups, err error) {
	open, end := cmd.Once(a.ctx, a.settings, ours)
	defer end()
	counted := func(path string) (io.ReadCloser, error) {
		f, err := selection.Open(path)
		if err != nil {
			return nil, err
		}
		return bar.Count(f), nil
	}
	groups, notes, errs := archive.Groups(a.ctx, operands, archive.Reader{Store: open, File: counted},
		cmd.IncludeInvalid)
	bar.Pause()
	told := map[string]bool{} // of the store, as that it is damaged
	for i, o := range operands {
		for _, note := range notes[i] {
			if line := hints.Note("compare", selection.ShownSide(o.Name), note); !told[line] {
				told[line] = true
				fmt.Fprintln(report.Plain{Writer: a.stderr}, line)
			}
		}
	}
	for i, o := range operands {
		if errs[i] != nil {
			return c, hints.NoGroup("compare", o, errs[i])
		}
	}
	return report.CompareGroups(groups[0], groups[1], by), nil
}

func (cmd *compareCmd) tell(a *app, c report.Groups) error {
	var err error
	if cmd.Format == "json" {
		err = result.WriteJSON(a.stdout, c)
	} else {
		err = c.WriteText(a.stdout)
	}
	if err != nil {
		return fmt.Errorf("print the comparison: %w", err)
	}
	say := func(line string) { fmt.Fprintln(a.stderr, line) }
	if err := join(cmd.GateGroup.Broken(c, say)...); err != nil {
		return exitError{exitLimitBroken, err}
	}
	return nil
}
