package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/report"
	"rtcbench/internal/result"
)

// filterFlags say which runs of a store are meant.
type filterFlags struct {
	Platform  string `group:"which" placeholder:"NAME" help:"daily or livekit."`
	Location  string `short:"l" group:"which" placeholder:"NAME" help:"Where they were made; unknown = those without a location."`
	Engine    string `group:"which" placeholder:"NAME" help:"native or browser."`
	Transport string `group:"which" placeholder:"CLASS" help:"datachannel-reliable, datachannel-lossy or signalling-websocket."`
	Path      string `group:"which" placeholder:"PATH" help:"How the messages travelled: udp, tcp, relay-udp, relay-tcp or relay-tls."`
	Since     string `group:"which" placeholder:"TIME" help:"Ended since then: an age (90s, 1d12h), a time in UTC (2026-11-23 12:00) or in Unix seconds."`
	Until     string `group:"which" placeholder:"TIME" help:"Ended before then."`
}

func (f filterFlags) query(c *check, now time.Time) bench.Query {
	c.given(map[string]string{"platform": f.Platform, "location": f.Location, "engine": f.Engine, "transport": f.Transport,
		"path": f.Path, "since": f.Since, "until": f.Until})
	q := bench.Query{Platform: f.Platform, Location: f.Location, Engine: f.Engine, Transport: bench.TransportClass(f.Transport), Path: bench.Path(f.Path)}
	oneOf := func(flag, value string, allowed ...string) {
		if value != "" && !slices.Contains(allowed, value) {
			c.fail(flag, value, strings.Join(allowed, ", "))
		}
	}
	oneOf("platform", f.Platform, "daily", "livekit")
	oneOf("engine", f.Engine, "native", "browser")
	oneOf("transport", f.Transport, string(bench.DataChannelReliable), string(bench.DataChannelLossy), string(bench.SignallingWebSocket), string(bench.InProcess))
	if f.Path != "" && !q.Path.Valid() {
		c.fail("path", f.Path, "udp, tcp, relay-udp, relay-tcp, relay-tls, or several as tables show them")
	}
	q.Since, q.Until = c.moment("since", f.Since, now), c.moment("until", f.Until, now)
	if c.err == nil && !q.Since.IsZero() && !q.Until.IsZero() && !q.Since.Before(q.Until) {
		c.err = usagef("--since %s is not before --until %s", f.Since, f.Until)
	}
	return q
}

// includeFlags say what of those runs counts.
type includeFlags struct {
	IncludeInvalid bool `group:"which" help:"Take invalid runs into sums and comparisons, too."`
}

type historyCmd struct {
	RunID  string `arg:"" optional:"" name:"run" help:"ID of one run, or the beginning or end of it, to see all of that run."`
	Last   string `short:"n" group:"out" default:"20" placeholder:"20" help:"Runs to list in the table; 0 = all."`
	Format string `group:"out" enum:"table,json,csv" default:"table" placeholder:"table" help:"table, json or csv; the last two list all runs."`
	filterFlags
	includeFlags
	storeFlags
}

// Help is shown by --help below the flags' summary.
func (historyCmd) Help() string {
	return `Lists the runs of a store, and sums them up: one line a series (location, platform, engine, path), with percentiles of the exactly merged distributions, and how the P50 went over the time. Invalid runs are listed with their mark and left out of the sums, which say so; --include-invalid takes them in.

It reads the first store that is on: the SQLite file, unless --store names another.

Examples:

  rtcbench history --since 24h
  rtcbench history --location us-west-2 --platform livekit --since 7d --format csv
  rtcbench history 3eba4b1c
      all of the run with that ID; the table shows the ends of the IDs`
}

// Run prints the history.
func (cmd *historyCmd) Run(a *app) error {
	c := check{settings: a.settings}
	now := time.Now()
	q := cmd.query(&c, now)
	last := c.number("last", cmd.Last, 0, 10_000_000)
	if c.err != nil {
		return c.err
	}
	store, err := a.openForReading(cmd.storeFlags)
	if err != nil {
		return err
	}
	defer store.Close()
	if cmd.RunID != "" {
		return cmd.one(a, store)
	}
	h := report.History{Store: fmt.Sprint(store)}
	if cmd.Format == "table" || c.rank("last") == byFlag {
		q.Limit = last
	}
	for r, err := range store.Runs(a.ctx, q) {
		switch {
		case err != nil && !bench.ReadsOn(r, err):
			return err
		case err != nil:
			h.Bad = append(h.Bad, unreadable(r, err))
		default:
			h.Runs = append(h.Runs, bench.NewRecord(r))
		}
	}
	q.Limit, q.Invalid = 0, cmd.IncludeInvalid
	if err := frame(a.ctx, store, &q, now); err != nil {
		return err
	}
	h.Since, h.Until = q.Since, q.Until
	if h.Courses, _, err = bench.Courses(a.ctx, store, q, report.Parts); err != nil {
		return err
	}
	switch {
	case cmd.Format == "json":
		return report.WriteHistoryJSON(a.stdout, h)
	case cmd.Format == "csv": // it has no place for them
		for _, err := range h.Bad {
			a.settings.say(err.Error())
		}
		return report.WriteHistoryCSV(a.stdout, h)
	case len(h.Courses) == 0 && len(h.Bad) == 0:
		return noRuns(a.ctx, store, h.Store)
	}
	return report.WriteHistoryText(a.stdout, h)
}

// noRuns says why nothing is shown: the store is empty, or the filters leave nothing of it.
func noRuns(ctx context.Context, store bench.Store, name string) error {
	for _, err := range store.Runs(ctx, bench.Query{Limit: 1}) {
		if err != nil {
			return err
		}
		return fmt.Errorf("no such run in %s; rtcbench history without filters shows all", name)
	}
	return fmt.Errorf("%s is empty: no run was kept there yet", name)
}

// frame gives q a beginning and an end where it has none: those of the runs.
func frame(ctx context.Context, store bench.Store, q *bench.Query, now time.Time) error {
	if q.Until.IsZero() {
		q.Until = now
		last := *q
		last.Until, last.Limit = time.Time{}, 1
		for r, err := range store.Runs(ctx, last) { // a clock may have been fast: what is listed is summed up
			if err == nil && !r.End.Before(now) {
				q.Until = r.End.Add(time.Millisecond)
			}
		}
	}
	if !q.Since.IsZero() {
		return nil
	}
	all := *q
	q.Since = q.Until // there may be none
	for r, err := range store.Runs(ctx, all) {
		if err != nil && !bench.ReadsOn(r, err) {
			return err
		}
		if err == nil {
			q.Since = r.End
			return nil
		}
	}
	return nil
}

func (cmd *historyCmd) one(a *app, store bench.Store) error {
	run, err := findRun(a.ctx, store, cmd.RunID)
	if err != nil {
		return err
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

// findRun gives the run with that ID, or the only one whose ID begins or ends so, with its samples.
func findRun(ctx context.Context, store bench.Store, id string) (bench.Run, error) {
	if r, err := runOf(ctx, store, id); r.ID != "" || err != nil {
		return r, err
	}
	if len(id) < leastOfID {
		return bench.Run{}, tooLittle(id)
	}
	found, err := called(ctx, store, id)
	if err != nil {
		return bench.Run{}, err
	}
	switch len(found) {
	case 0:
		return bench.Run{}, fmt.Errorf("there is no run %s in %v", shownID(id), store)
	case 1:
		r, err := runOf(ctx, store, found[0])
		if r.ID == "" && err == nil {
			err = fmt.Errorf("run %s is in the list of %v, and is not found by its ID: rtcbench store check", found[0], store)
		}
		return r, err
	}
	return bench.Run{}, fmt.Errorf("%d runs in %v are called %s, as %s and %s: give more of the ID", len(found), store, shownID(id), found[0], found[1])
}

// runOf is the run with that ID, or one without an ID where there is none.
func runOf(ctx context.Context, store bench.Store, id string) (bench.Run, error) {
	for r, err := range store.Runs(ctx, bench.Query{ID: id, Samples: true}) {
		if err != nil && r.ID == "" && bench.ReadsOn(r, err) {
			continue
		}
		if err != nil {
			err = unreadable(r, err)
		}
		return r, err
	}
	return bench.Run{}, nil
}

// leastOfID is how much of an ID has to be given.
const leastOfID = 4

func tooLittle(id string) error {
	return fmt.Errorf("%s is too little of an ID: give four characters of it or more", shown(id))
}

// isCalled reports whether text names the run with that ID.
func isCalled(id, text string) bool {
	return len(text) >= leastOfID && (strings.HasPrefix(id, text) || strings.HasSuffix(id, text))
}

// called are the IDs of the runs that text names, also of those that cannot be read.
func called(ctx context.Context, store bench.Store, text string) (ids []string, err error) {
	for r, err := range store.Runs(ctx, bench.Query{}) {
		if err != nil && !bench.ReadsOn(r, err) {
			return nil, err
		}
		if isCalled(r.ID, text) {
			ids = append(ids, r.ID)
		}
	}
	return ids, nil
}
