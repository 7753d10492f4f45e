package dashboard

import (
	"time"

	"rtcbench/bench"
	"rtcbench/internal/report"
)

// The lines of answers as CSV.

// seriesRow is a series in one part of the time span, or in the whole span.
type seriesRow struct {
	Location  string  `json:"location_id"`
	EchoPlace string  `json:"echo_place"`
	Platform  string  `json:"platform"`
	Engine    string  `json:"engine"`
	Transport string  `json:"transport_class"`
	Path      string  `json:"path"`
	Since     float64 `json:"since"`
	Until     float64 `json:"until"`
	Sum
}

// rows are a row for each part of each series; with brief, a row for each series.
func (l SeriesList) rows(brief bool) (rows []seriesRow) {
	for _, s := range l.List {
		row := seriesRow{s.Location, s.EchoPlace, s.Platform, s.Engine, s.Transport, s.Path, l.Since, l.Until, s.Total}
		if brief {
			rows = append(rows, row)
			continue
		}
		length := (l.Until - l.Since) / float64(len(s.Parts))
		for i, p := range s.Parts {
			row.Since, row.Until, row.Sum = l.Since+float64(i)*length, l.Since+float64(i+1)*length, p
			rows = append(rows, row)
		}
	}
	return rows
}

// compareRow is how both sides compare, over all places or at one place.
type compareRow struct {
	Location string      `json:"location_id"` // "" = over all places
	Echo     string      `json:"echo_place"`
	Alike    bool        `json:"alike"`
	A        compareSide `json:"a"`
	B        compareSide `json:"b"`
	Median   *shiftCells `json:"median_diff_ms"`
	P95      *shiftCells `json:"p95_diff_ms"`
	Verdict  string      `json:"verdict"`
}

type compareSide struct {
	Runs int      `json:"runs"`
	P50  *float64 `json:"p50_ms"`
	P95  *float64 `json:"p95_ms"`
	Loss *float64 `json:"loss"`
}

type shiftCells struct {
	Value float64     `json:"value"`
	CI95  *[2]float64 `json:"ci95"`
}

func cellsOf(s *report.Shift) *shiftCells {
	if s == nil {
		return nil
	}
	return &shiftCells{s.Value, s.CI95}
}

func (c Comparison) rows() []compareRow {
	row := func(location, echo string, g report.Groups) compareRow {
		side := func(s report.Side) compareSide { return compareSide{s.Runs, s.P50, s.P95, s.Loss} }
		return compareRow{location, echo, g.Alike, side(g.A), side(g.B), cellsOf(g.MedianDiff), cellsOf(g.P95Diff),
			g.Verdict}
	}
	rows := []compareRow{row("", "", c.All)}
	for _, p := range c.Places {
		rows = append(rows, row(p.Location, p.Echo, p.Groups))
	}
	return rows
}

// pingRow is a ping or a turn of a run.
type pingRow struct {
	Seq     uint32   `json:"seq"`
	Due     float64  `json:"due_ms"` // from the start of the run, as Sent
	Sent    *float64 `json:"sent_ms"`
	Outcome string   `json:"outcome"`
	Reason  string   `json:"reason"` // why the ping was not sent, or on which way it was lost
	RTT     *float64 `json:"rtt_ms"`
	Up      *float64 `json:"up_ms"` // one-way delays; null if the clocks are not known well enough
	Down    *float64 `json:"down_ms"`
	Hold    *float64 `json:"hold_ms"`   // how long the echo held the ping
	UpRaw   *float64 `json:"up_raw_ms"` // includes the offset of the two clocks
}

func pingRows(r bench.Record) (rows []pingRow) {
	known := func(d time.Duration, ok bool) *float64 { return quantityMillis(bench.Quantity{D: d, OK: ok}) }
	for _, s := range r.Samples {
		back := s.Outcome == bench.Answered || s.Outcome == bench.Late
		up, ok := r.Summary.OneWay.UpOf(s)
		down, _ := r.Summary.OneWay.DownOf(s)
		rows = append(rows, pingRow{s.Seq, millis(s.Due), known(s.Sent, s.Outcome != bench.NotSent),
			s.Outcome.String(), s.Reason.String(), known(s.RTT, back), known(up, ok && back), known(down, ok && back),
			known(s.Hold, s.Stamped), known(s.Up, s.Stamped)})
	}
	return rows
}
