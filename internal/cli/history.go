package cli

import (
	"time"

	"rtcbench/bench"
	"rtcbench/internal/archive"
	"rtcbench/internal/commandline/flags"
	"rtcbench/internal/commandline/hints"
	"rtcbench/internal/report"
	"rtcbench/internal/result"
	"rtcbench/internal/settings"
)

type historyCmd struct {
	RunID  string `arg:"" optional:"" name:"run" help:"ID of one run, or the beginning or end of it, to see all of that run."`
	Last   string `short:"n" group:"out" default:"20" placeholder:"20" help:"Runs to list in the table; 0 = all."`
	Format string `group:"out" enum:"table,json,csv" default:"table" placeholder:"table" help:"table, json or csv; the last two list all runs."`
	flags.FilterGroup
	flags.IncludeGroup
	flags.StoreGroup
}

// Help is shown by --help below the flags' summary.
func (historyCmd) Help() string {
	return `Lists the runs of a store, and sums them up: one line a series (location, platform, engine, path), with ` +
		`percentiles of the exactly merged distributions, and how the P50 went over the time. Invalid runs are ` +
		`listed with their mark and left out of the sums, which say so; --include-invalid takes them in.

It reads the first store that is on: the SQLite file, unless --store names another.

Examples:

  rtcbench history --since 24h
  rtcbench history --location us-west-2 --platform livekit --since 7d --format csv
  rtcbench history 3eba4b1c
      all of the run with that ID; the table shows the ends of the IDs`
}

// Run prints the history.
func (cmd *historyCmd) Run(a *app) error {
	c := settings.Check{Sources: a.settings}
	now := time.Now()
	q := cmd.Query(&c, now)
	last := c.Number("last", cmd.Last, 0, 10_000_000)
	if c.Err != nil {
		return c.Err
	}
	store, err := cmd.First(a.ctx, a.settings, ours)
	if err != nil {
		return err
	}
	defer store.Close()
	if cmd.RunID != "" {
		return cmd.one(a, store)
	}
	if cmd.Format == "table" || c.Rank("last") == settings.ByFlag {
		q.Limit = last
	}
	q.Invalid = cmd.IncludeInvalid
	h, err := archive.History(a.ctx, store, q, now)
	if err != nil {
		return err
	}
	h.Bad = hints.ForAll(h.Bad)
	switch {
	case cmd.Format == "json":
		return report.WriteHistoryJSON(a.stdout, h)
	case cmd.Format == "csv": // it has no place for them
		for _, err := range h.Bad {
			a.settings.Say(err.Error())
		}
		return report.WriteHistoryCSV(a.stdout, h)
	case len(h.Courses) == 0 && len(h.Bad) == 0:
		return hints.For(archive.WhyNothing(a.ctx, store))
	}
	return report.WriteHistoryText(a.stdout, h)
}

func (cmd *historyCmd) one(a *app, store bench.Store) error {
	run, err := archive.Find(a.ctx, store, cmd.RunID)
	if err != nil {
		return hints.Called(cmd.RunID, err)
	}
	r := bench.NewRecord(run)
	switch cmd.Format {
	case "json":
		return result.Write(a.stdout, r)
	case "csv":
		return report.WriteHistoryCSV(a.stdout, report.History{Runs: []bench.Record{r}})
	}
	return report.WriteText(a.stdout, r)
}
