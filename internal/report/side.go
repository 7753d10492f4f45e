package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/stats"
)

// Side describes one side of a comparison.
type Side struct {
	Name       string   `json:"operand"`
	RunIDs     []string `json:"run_ids"`
	Runs       int      `json:"runs"`
	Used       int      `json:"runs_compared"` // runs that have a round trip time
	Unjudged   int      `json:"runs_unjudged"` // runs without any facts for or against them
	Doubtful   int      `json:"runs_doubtful"`
	Invalid    int      `json:"runs_invalid"`  // invalid runs that are compared all the same
	LeftOut    int      `json:"runs_left_out"` // invalid runs that were left out
	Answered   int      `json:"pings_answered"`
	Settled    int      `json:"pings_settled"`
	Transports []string `json:"transport_classes"`
	Paths      []string `json:"paths"`       // how the messages travelled: bench.Path
	Echoes     []string `json:"echo_places"` // bench.Series.Echo
	Platforms  []string `json:"platforms"`
	Engines    []string `json:"engines"`
	Locations  []string `json:"locations"`
	From       *float64 `json:"start_time"` // Unix seconds
	To         *float64 `json:"end_time"`
	P50        *float64 `json:"p50_ms"` // median of the runs' P50
	P95        *float64 `json:"p95_ms"`
	P99        *float64 `json:"p99_ms"` // null unless each run has enough pings for it
	Loss       *float64 `json:"loss"`   // ratio, of all pings
	Voice      *Voices  `json:"voice,omitempty"`
	ways       []string // transport classes and paths, for people
	repairs    []string // how lost audio packets were repaired
}

func newSide(g Group) Side {
	d := Side{
		Name: g.Name, Runs: len(g.Runs), LeftOut: g.LeftOut, Used: len(answeredRuns(g.Runs)),
		Transports: distinct(g.Runs, transportOf), Paths: distinct(g.Runs, pathOf), ways: distinct(g.Runs, wayOf),
		Echoes:    distinct(g.Runs, echoOf),
		Platforms: distinct(g.Runs, func(r bench.Record) string { return r.Platform }),
		Engines:   distinct(g.Runs, engineOf), Locations: distinct(g.Runs, locationOf),
	}
	d.Voice = newVoices(g.Runs)
	d.repairs = distinct(g.Runs, func(r bench.Record) string { return cmp.Or(r.Repair(), bench.Unknown) })
	var from, to time.Time
	failed := 0
	for _, r := range g.Runs {
		d.RunIDs = append(d.RunIDs, r.ID)
		switch r.Summary.Validity.Verdict {
		case bench.Unjudged:
			d.Unjudged++
		case bench.Doubtful:
			d.Doubtful++
		case bench.Invalid:
			d.Invalid++
		}
		d.Answered, d.Settled, failed = d.Answered+r.Counts.Answered, d.Settled+r.Counts.Settled(), failed+
			r.Counts.Failed()
		if from.IsZero() || r.Start.Before(from) {
			from = r.Start
		}
		if r.End.After(to) {
			to = r.End
		}
	}
	if len(g.Runs) > 0 {
		start, end := unix(from), unix(to)
		d.From, d.To = &start, &end
	}
	d.P50, d.P95, d.P99 = middle(quantiles(g.Runs, p50)), middle(quantiles(g.Runs, p95)), middle(quantiles(g.Runs, p99))
	if d.Settled > 0 {
		loss := float64(failed) / float64(d.Settled)
		d.Loss = &loss
	}
	return d
}

// middle is the median in milliseconds; nil if d is empty.
func middle(d []time.Duration) *float64 {
	m, ok := stats.Quantile(stats.Sorted(d), 0.5)
	return quantityMillis(bench.Quantity{D: m, OK: ok})
}

func transportOf(r bench.Record) string { return cmp.Or(string(r.Facts.Transport), bench.Unknown) }
func engineOf(r bench.Record) string    { return cmp.Or(r.Facts.Engine, bench.Unknown) }
func locationOf(r bench.Record) string  { return cmp.Or(r.Location, bench.Unknown) }

// echoOf is the place whose echo answered. For a remote echo of no known place it is bench.Unknown.
func echoOf(r bench.Record) string {
	if r.Echo.Place == "" && r.Echo.Mode != "local" {
		return bench.Unknown
	}
	return bench.SeriesOf(r.Run).Echo
}

// wayOf names the way of a run's pings, and how losses on it were repaired.
func wayOf(r bench.Record) string {
	way := wayName(r.Facts.Transport, r.Path())
	if r.Echo.Place != "" {
		way += " to the echo at " + r.Echo.Place
	}
	if repair := r.Repair(); repair != "" && repair != bench.NoRepair {
		way += " with " + repair
	}
	return way
}

func distinct(runs []bench.Record, of func(bench.Record) string) []string {
	list := []string{}
	for _, r := range runs {
		list = append(list, of(r))
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// circumstances are properties in which compared runs may differ. A difference is reported with its meaning.
var circumstances = []struct {
	what, means string
	of          func(bench.Record) string
}{
	{"engines", "what the engine itself costs is in the difference (rtcbench calibrate)", engineOf},
	{"locations", "so do the ways", locationOf},
	{"echoes", "a local one answers from here, a remote one from elsewhere", func(r bench.Record) string {
		return cmp.Or(r.Echo.Mode, bench.Unknown)
	}},
	{"cooldowns", "how often one asks can change the answer", cooldownOf},
	{"payloads", "longer messages take longer", payloadOf},
	{"timeouts", "what is late on one side is answered on the other", func(r bench.Record) string {
		return r.Plan.Timeout.String()
	}},
	{"channels", "they send again differently what was lost", channelOf},
	{"tools", "the original tool says less of its runs", func(r bench.Record) string {
		if r.Tool.Version == bench.Original {
			return bench.Original
		}
		return "rtcbench"
	}},
}

func payloadOf(r bench.Record) string {
	if r.OfOriginal() {
		return bench.Unknown
	}
	return fmt.Sprintf("%d B", r.Plan.PayloadBytes)
}

func cooldownOf(r bench.Record) string {
	switch {
	case r.Plan.PaceUnknown:
		return bench.Unknown
	case r.Plan.ClosedLoop():
		return "none (closed loop)"
	}
	return r.Plan.Cooldown.String()
}

func channelOf(r bench.Record) string {
	c := r.Facts.Channel
	if !c.Known {
		return bench.Unknown
	}
	text := "unordered"
	if c.Ordered {
		text = "ordered"
	}
	if c.MaxRetransmits != nil {
		text += ", sent again at most " + bench.Many(int(*c.MaxRetransmits), "time")
	}
	return text
}

// notes say in what the runs differ, besides their latency.
func notes(a, b []bench.Record) []string {
	list := []string{}
	for _, c := range circumstances {
		if x, y := distinct(a, c.of), distinct(b, c.of); len(x) > 1 || len(y) > 1 || !slices.Equal(x, y) {
			list = append(list, fmt.Sprintf("the %s differ (A: %s; B: %s): %s", c.what, some(x, 60),
				some(y, 60), c.means))
		}
	}
	for _, side := range []struct {
		name string
		runs []bench.Record
	}{{"A", a}, {"B", b}} {
		if n := len(side.runs) - len(answeredRuns(side.runs)); n > 0 {
			list = append(list, fmt.Sprintf("%s: %d of %s had no answered %s: %s in the loss alone", side.name, n,
				bench.Many(len(side.runs), "run"), side.runs[0].Facts.Transport.Words("ping"),
				bench.Form(n, "it counts", "they count")))
		}
		marked, answered := 0, 0
		for _, r := range side.runs {
			if r.Turns != nil {
				sure, left := r.Turns.Unmarked()
				marked, answered = marked+left, answered+left+sure.Turns
			}
		}
		if marked > 0 {
			list = append(list, fmt.Sprintf("%s: %d of %s %s marked as unsure, and compared all the same", side.name,
				marked, bench.Many(answered, "answered turn"), bench.Form(marked, "is", "are")))
		}
	}
	return append(list, sameRuns(a, b)...)
}

// noteInvalid says how many runs of a side are invalid or not judged, and how many were left out.
func noteInvalid(side string, d Side) []string {
	list := []string{}
	switch {
	case d.Invalid == 1 && d.Runs == 1:
		list = append(list, side+" is an INVALID run, and no measure of its path")
	case d.Invalid > 0:
		list = append(list, fmt.Sprintf("%s: %d of %d runs %s path", side, d.Invalid, d.Runs,
			bench.Form(d.Invalid, "is INVALID, and no measure of its", "are INVALID, and no measure of their")))
	}
	switch {
	case d.Unjudged == 1 && d.Runs == 1:
		list = append(list, side+" is a run that nobody can judge: nothing is known of its machine, its timers "+
			"and its path")
	case d.Unjudged > 0:
		list = append(list, fmt.Sprintf("%s: nobody can judge %d of %d runs: nothing is known of their machines, "+
			"their timers and their paths", side, d.Unjudged, d.Runs))
	}
	if d.LeftOut > 0 {
		list = append(list, fmt.Sprintf("%s: %s left out; --include-invalid takes %s in", side,
			bench.Many(d.LeftOut, "invalid run"), bench.Form(d.LeftOut, "it", "them")))
	}
	return list
}

func sameRuns(a, b []bench.Record) (list []string) {
	same := 0
	for _, r := range a {
		if slices.ContainsFunc(b, func(o bench.Record) bool { return o.ID == r.ID }) {
			same++
		}
	}
	if same > 0 {
		list = append(list,
			fmt.Sprintf("%d of the runs %s on both sides: the sides are not independent, and intervals not "+
				"what they say", same, bench.Form(same, "is", "are")))
	}
	return list
}

// groupDoubts are the doubts about the runs, each once. Each says how many runs of which side have it.
func groupDoubts(a, b []bench.Record) (list []bench.Doubt) {
	sides := [][]bench.Record{a, b}
	var counts [2]map[string]int
	texts := map[string]string{}
	var order []string
	for i, runs := range sides {
		counts[i] = map[string]int{}
		for _, r := range runs {
			for _, d := range r.Summary.Doubts {
				if _, known := texts[d.Code]; !known {
					order = append(order, d.Code)
					texts[d.Code] = d.Text
				}
				counts[i][d.Code]++
			}
		}
	}
	for _, code := range order {
		var where []string
		for i, runs := range sides {
			if n := counts[i][code]; n > 0 {
				name := string(rune('A' + i))
				if len(runs) > 1 {
					name += fmt.Sprintf(" (%d of %d runs)", n, len(runs))
				}
				where = append(where, name)
			}
		}
		text := texts[code]
		if len(a)+len(b) > 2 {
			text = "for example: " + text
		}
		list = append(list, bench.Doubt{Code: code, Text: strings.Join(where, " and ") + ": " + text})
	}
	return list
}

// some is list as a text. If the text is longer than limit, it becomes a number of items.
func some(list []string, limit int) string {
	text := strings.Join(list, ", ")
	if len([]rune(text)) <= limit {
		return text
	}
	if len(list) == 1 {
		return ends(text, limit)
	}
	return fmt.Sprintf("%d different ones", len(list))
}

// ends is s without its middle, if s is longer than limit.
func ends(s string, limit int) string {
	r := []rune(s)
	if len(r) <= limit {
		return s
	}
	head := (limit - 1) / 2
	return string(r[:head]) + "…" + string(r[len(r)-(limit-1-head):])
}
